using System.Net;
using Meeda.L1.Signing;
using Meeda.Operator;
using Meeda.Operator.Nitro;
using Meeda.Operator.Persistence;
using Meeda.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>
/// An operator on a free port with its own store. Its L1 does not answer: accepting and serving batches must not depend
/// on it.
/// </summary>
public class OperatorFixture : IAsyncLifetime
{
    public const int MaxBatchBytes = 300_000;

    /// <summary>The validator that certificates are for: the first contract that anvil's account 0 makes.</summary>
    internal static readonly CertificateDomain Nitro = new(
        0x4d,
        31_337,
        Meeda.Ethereum.Address.Parse("0x5FbDB2315678afecb367f032d93F642f64180aa3")
    );

    /// <summary>Another account that the validator trusts.</summary>
    internal static readonly PrivateKeySigner OtherSigner = PrivateKeySigner.FromHex(new string('7', 64));

    private readonly TemporaryFolder _folder = new();
    private readonly ReservedPort _closed = new();
    private WebApplication? _app;

    public HttpClient Http { get; private set; } = null!;

    /// <summary>The L1 endpoint; null for one that does not answer.</summary>
    protected string? L1 { get; set; }

    /// <summary>Additional settings.</summary>
    internal Dictionary<string, string?> Settings { get; } = [];

    public string Folder => _folder.Path;

    public Uri Address => Http.BaseAddress!;

    public IServiceProvider Services => _app!.Services;

    public virtual async Task InitializeAsync() => await StartAsync();

    /// <summary>Stops the operator and starts another over the same folder.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <summary>
    /// Waits until every batch is at its providers, and deletes the payloads from the ledger, so that reads come from
    /// the rows.
    /// </summary>
    public async Task PlacedAsync()
    {
        var ledger = Services.GetRequiredService<Ledger>();
        await Patience.UntilAsync(
            async () => (await ledger.BacklogAsync(CancellationToken.None)).Count == 0,
            TimeSpan.FromSeconds(30)
        );
        await ledger.TrimPayloadsAsync(0, CancellationToken.None);
    }

    public async Task<(HttpStatusCode Status, byte[] Body)> PostAsync(string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        using HttpResponseMessage response = await Http.PostAsync(new Uri(path, UriKind.Relative), content);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync());
    }

    public async Task<(HttpStatusCode Status, byte[] Body)> GetAsync(string path)
    {
        using HttpResponseMessage response = await Http.GetAsync(new Uri(path, UriKind.Relative));
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync());
    }

    public virtual async Task DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
        _closed.Dispose();
    }

    private async Task StartAsync()
    {
        string keyFile = System.IO.Path.Combine(Folder, "operator.key");
        await File.WriteAllTextAsync(keyFile, new string('1', 64));
        _app = await OperatorApplication.BuildAsync(
            new Dictionary<string, string?>(Settings)
            {
                ["Meeda:Storage:Folder"] = System.IO.Path.Combine(Folder, "data"),
                ["Meeda:L1:Rpc"] = L1 ?? $"http://127.0.0.1:{_closed.Number}",
                ["Meeda:L1:Contract"] = "0x00000000000000000000000000000000000000c0",
                ["Meeda:L1:KeyFile"] = keyFile,
                ["Meeda:Batches:MaxBatchBytes"] = $"{MaxBatchBytes}",
                ["Meeda:Nitro:Validator"] = $"{Nitro.Validator}",
                ["Meeda:Nitro:ValidatorChainId"] = $"{Nitro.ChainId}",
                ["Meeda:Nitro:Signers"] = $"{OtherSigner.Address}",
            },
            "http://127.0.0.1:0",
            quiet: true,
            CancellationToken.None
        );
        await _app.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
    }

    private async Task StopAsync()
    {
        Http.Dispose();
        await _app!.StopAsync();
        await _app.DisposeAsync();
        SqliteConnection.ClearAllPools();
    }
}

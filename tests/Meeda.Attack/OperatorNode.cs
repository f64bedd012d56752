using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Operator;
using Meeda.Protocol.Batches;
using Microsoft.AspNetCore.Builder;

namespace Meeda.Attack;

/// <summary>The product's operator in this process, on an arena's L1.</summary>
internal sealed class OperatorNode : IAsyncDisposable
{
    private readonly IReadOnlyDictionary<string, string?> _settings;
    private WebApplication? _app;
    private HttpClient? _http;

    private OperatorNode(Address address, string folder, IReadOnlyDictionary<string, string?> settings)
    {
        Address = address;
        Folder = folder;
        _settings = settings;
    }

    public Address Address { get; }

    public string Folder { get; }

    public HttpClient Http => _http!;

    public static async Task<OperatorNode> StartAsync(
        Address address,
        string keyFile,
        string folder,
        Uri rpc,
        Address contract,
        IReadOnlyDictionary<string, string?> more
    )
    {
        var settings = new Dictionary<string, string?>
        {
            ["Meeda:Storage:Folder"] = folder,
            ["Meeda:L1:Rpc"] = rpc.ToString(),
            ["Meeda:L1:Contract"] = contract.ToString(),
            ["Meeda:L1:KeyFile"] = keyFile,
            ["Meeda:L1:PollInterval"] = "00:00:00.1",
            ["Meeda:L1:Confirmations"] = "0",
            ["Meeda:Anchors:Interval"] = "00:00:00.2",
            ["Meeda:Storage:ScrubInterval"] = "00:00:02",
        };
        foreach ((string name, string? value) in more)
        {
            settings[name] = value;
        }

        var node = new OperatorNode(address, folder, settings);
        await node.StartAsync();
        return node;
    }

    public async Task StartAsync()
    {
        _app = await OperatorApplication.BuildAsync(
            _settings,
            "http://127.0.0.1:0",
            quiet: true,
            CancellationToken.None
        );
        await _app.StartAsync();
        _http = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
    }

    /// <summary>Posts random bytes.</summary>
    public async Task<BatchId> PostAsync(int bytes)
    {
        using var body = new ByteArrayContent(RandomNumberGenerator.GetBytes(bytes));
        using HttpResponseMessage answer = await Http.PostAsync(new Uri("put", UriKind.Relative), body);
        answer.EnsureSuccessStatusCode();
        return AltDaCommitment.TryDecode(
            await answer.Content.ReadAsByteArrayAsync(),
            AltDaCommitment.DefaultDaLayerByte,
            out AltDaCommitment commitment,
            out string? error
        )
            ? new BatchId(commitment.Hash)
            : throw new InvalidDataException(error);
    }

    /// <summary>The batch's anchor, or null if none has been read.</summary>
    public async Task<AnchorBody?> AnchorOfAsync(BatchId id) =>
        (await Http.GetFromJsonAsync<BatchBody>(new Uri($"batches/{id}", UriKind.Relative)))!.Anchor;

    /// <summary>The batch's history, epoch by epoch, or null if no anchor of it has been read.</summary>
    public async Task<HistoryBody?> HistoryOfAsync(BatchId id)
    {
        using HttpResponseMessage answer = await Http.GetAsync(new Uri($"batches/{id}/history", UriKind.Relative));
        return answer.StatusCode == HttpStatusCode.NotFound
            ? null
            : await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<HistoryBody>();
    }

    public async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            _http!.Dispose();
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}

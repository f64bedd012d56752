using System.CommandLine;
using Meeda.Client;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Cli;

/// <summary>
/// Connects commands to the operator: its URL comes from an option or the environment, a tenant's key only from the
/// environment, where <c>ps</c> does not show it.
/// </summary>
internal sealed class OperatorConnection
{
    private const string KeyVariable = "MEEDA_KEY";
    private const string UrlVariable = "MEEDA_URL";

    // A put may wait some minutes for its anchor.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);

    /// <summary>The option.</summary>
    public Option<string> Url { get; } =
        new("--url")
        {
            Description =
                $"the operator's URL ({UrlVariable}); a tenant's key belongs in the environment ({KeyVariable})",
            DefaultValueFactory = _ => Environment.GetEnvironmentVariable(UrlVariable) ?? "http://127.0.0.1:3100",
        };

    /// <summary>Runs a command's work with a client and turns its failures into messages.</summary>
    /// <exception cref="SetupException">The URL is invalid, or the operator did not complete the request.</exception>
    public static async Task<int> UseAsync(string url, Func<MeedaClient, Task> work)
    {
        if (!HttpUrl.TryParse(url.Trim().TrimEnd('/') + "/", out Uri? root))
        {
            throw new SetupException($"--url: {url} is not an http or https URL");
        }

        UseProxyOfTheSettings();
        using HttpClient http = OutgoingHttp.Client();
        http.BaseAddress = root;
        http.Timeout = Limit;
        string? key = Environment.GetEnvironmentVariable(KeyVariable);
        try
        {
            await work(
                new MeedaClient(
                    http,
                    new MeedaClientOptions { Key = string.IsNullOrEmpty(key) ? null : key, Retries = 2 }
                )
            );
            return ExitCode.Success;
        }
        catch (MeedaException failure) when (failure.Status is null && failure.Error == MeedaError.Unavailable)
        {
            throw new SetupException($"--url: {failure.Message}; is the operator running?");
        }
        catch (MeedaException failure)
        {
            throw new SetupException(failure.Message);
        }
    }

    /// <summary>Makes outgoing requests use the configured proxy, if any.</summary>
    /// <exception cref="SetupException">That setting is invalid.</exception>
    public static void UseProxyOfTheSettings()
    {
        var settings = new SettingsReader(new Dictionary<string, string?>());
        using ServiceProvider all = new ServiceCollection()
            .AddSettings(settings, new ProxyOptionsValidator())
            .Validate();
        OutgoingHttp.UseProxy(all.Options<ProxyOptions>());
    }

    /// <summary>Parses a commitment: generic, keccak, or a bare batch id, which stands for the generic one.</summary>
    /// <exception cref="SetupException">It is none of them.</exception>
    public static AltDaCommitment ParseCommitment(string text)
    {
        return BatchId.TryParse(text, null, out BatchId id) ? AltDaCommitment.Of(id)
            : AltDaCommitment.TryParse(text, null, out AltDaCommitment commitment) ? commitment
            : throw new SetupException(
                $"ID: {text} is neither a batch id (64 hex digits) nor a commitment, generic "
                    + $"({2 * AltDaCommitment.GenericLength} digits) or keccak ({2 * AltDaCommitment.KeccakLength})"
            );
    }
}

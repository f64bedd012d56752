using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Http;

namespace Meeda.Light;

/// <summary>A light node with its services; disposing it closes its connections.</summary>
/// <param name="app">Its services and its HTTP API.</param>
/// <param name="listens">Whether the API is served.</param>
/// <param name="account">The account that sends challenges, or null without a key.</param>
internal sealed class LightRole(WebApplication app, bool listens, Address? account) : IAsyncDisposable
{
    private bool _isStarted;

    /// <summary>The account that sends challenges, or null without a key.</summary>
    public Address? Account => account;

    /// <summary>The contract that it watches.</summary>
    public LightOptions Options => app.Services.GetRequiredService<LightOptions>();

    /// <summary>Where its API listens, once it runs; empty where it does not.</summary>
    public IEnumerable<string> Urls => listens ? app.Urls : [];

    /// <summary>Starts watching and serving the API.</summary>
    /// <exception cref="SetupException">It cannot listen there.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await (listens ? ServiceHost.StartAsync(app, cancellationToken) : app.StartAsync(cancellationToken));
            _isStarted = true;
        }
        catch (IOException taken)
        {
            throw new SetupException($"--listen: the address cannot be listened on: {taken.Message.TrimEnd('.')}");
        }
    }

    /// <summary>Runs until it is cancelled; starts the light node first if it is not running.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled, and has stopped.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!_isStarted)
        {
            await StartAsync(cancellationToken);
        }

        await app.WaitForShutdownAsync(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => app.DisposeAsync();
}

using Meeda.Ethereum;
using Meeda.Node.Light;

namespace Meeda.Node;

/// <summary>A light node with what it is built of; disposing it ends its connections.</summary>
/// <param name="services">Its services.</param>
/// <param name="account">The account that answers, or null where it only watches.</param>
internal sealed class LightRole(ServiceProvider services, Address? account) : IAsyncDisposable
{
    /// <summary>The light node.</summary>
    public LightNode Node => services.GetRequiredService<LightNode>();

    /// <summary>The account that answers, or null where it only watches.</summary>
    public Address? Account => account;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => services.DisposeAsync();
}

using Meeda.Hosting.Settings;

namespace Meeda.Operator.SignIn;

/// <summary>Lets wallets get API keys without the operator's help (EIP-4361, Sign-In with Ethereum).</summary>
public sealed class SignInOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:SignIn";

    /// <summary>
    /// The authority under which clients reach the operator, for example <c>da.example.org</c> or
    /// <c>da.example.org:8443</c>. A wallet shows it to its owner, and messages for other domains are rejected. Default
    /// none: sign-in is off.
    /// </summary>
    public string? Domain { get; set; }

    /// <summary>How long a key is valid. Default 30 days.</summary>
    public TimeSpan KeyLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long a message is valid after it was issued. Default 10 minutes.</summary>
    public TimeSpan MessageLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The ERC-1056 registry whose delegates of type <c>meeda-put</c> may sign in for a rollup. Default none: a rollup
    /// signs in itself.
    /// </summary>
    public string? DelegateRegistry { get; set; }

    /// <summary>How often signed-in delegates are checked on L1. Default 1 minute.</summary>
    public TimeSpan DelegateInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The minimum charge for a batch of a tenant that signed in, in ether. Default 0.0001, about the gas of charging
    /// it at 1 gwei: otherwise a batch of one byte would cost the tenant next to nothing, and the operator the gas and
    /// a blob of its stake's capacity.
    /// </summary>
    [Amount("ether", 18)]
    public decimal MinBatchCost { get; set; } = 0.0001m;

    /// <summary>Sign-in requests that one address may make per minute. Default 30.</summary>
    public int AttemptsPerMinute { get; set; } = 30;

    /// <summary>Requests per second of a tenant that signed in. Default 50.</summary>
    public int RequestsPerSecond { get; set; } = 50;

    /// <summary>Concurrent requests of a tenant that signed in. Default 16.</summary>
    public int Concurrency { get; set; } = 16;

    /// <summary>Whether wallets may sign in.</summary>
    internal bool IsOn => Domain is not null;
}

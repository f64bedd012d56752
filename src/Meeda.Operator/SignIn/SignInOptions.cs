using Meeda.Hosting.Settings;

namespace Meeda.Operator.SignIn;

/// <summary>Whether and how wallets get keys by themselves (EIP-4361, Sign-In with Ethereum).</summary>
public sealed class SignInOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:SignIn";

    /// <summary>
    /// The authority under which clients reach the operator, as <c>da.example.org</c> or <c>da.example.org:8443</c>:
    /// what a wallet shows to its owner, and the only domain whose messages are taken. Default none: sign-in is off.
    /// </summary>
    public string? Domain { get; set; }

    /// <summary>How long a key lasts. Default 30 days.</summary>
    public TimeSpan KeyLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long a message may be used after it was made. Default 10 minutes.</summary>
    public TimeSpan MessageLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The ERC-1056 registry whose delegates of type <c>meeda-put</c> may sign in for a rollup. Default none: a rollup
    /// signs in itself.
    /// </summary>
    public string? DelegateRegistry { get; set; }

    /// <summary>How often it is looked up whether signed-in delegates still are. Default 1 minute.</summary>
    public TimeSpan DelegateInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The least ether that a batch of a tenant that signed in costs. Default 0.0001, what its charge takes of gas at
    /// 1 gwei: a batch of one byte would cost next to nothing, and the operator a blob of its stake and the gas.
    /// </summary>
    [Amount("ether", 18)]
    public decimal MinBatchCost { get; set; } = 0.0001m;

    /// <summary>Requests to sign in that one address may make in a minute. Default 30.</summary>
    public int AttemptsPerMinute { get; set; } = 30;

    /// <summary>Requests a second of a tenant that signed in. Default 50.</summary>
    public int RequestsPerSecond { get; set; } = 50;

    /// <summary>Requests at once of a tenant that signed in. Default 16.</summary>
    public int Concurrency { get; set; } = 16;

    /// <summary>Whether wallets may sign in.</summary>
    internal bool IsOn => Domain is not null;
}

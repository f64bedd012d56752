namespace Meeda.Operator.SignIn;

/// <summary>What signing in logs: ids 330 to 339. No key and no signature is in it.</summary>
internal static partial class SignInLog
{
    [LoggerMessage(
        330,
        LogLevel.Information,
        "Tenant {Tenant}: wallet {Wallet} signed in for rollup {Rollup}; its key ends at {Expiry:u}"
    )]
    public static partial void SignedIn(
        this ILogger logger,
        long tenant,
        string wallet,
        string rollup,
        DateTimeOffset expiry
    );

    [LoggerMessage(
        331,
        LogLevel.Warning,
        "Tenant {Tenant}: wallet {Wallet} is no delegate of rollup {Rollup} any more; its key ended"
    )]
    public static partial void DelegateEnded(this ILogger logger, long tenant, string wallet, string rollup);

    [LoggerMessage(332, LogLevel.Warning, "Whether wallets are still delegates is not known: {Reason}")]
    public static partial void DelegatesUnknown(this ILogger logger, string reason);
}

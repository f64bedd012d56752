namespace Meeda.Operator.SignIn;

/// <summary>Log messages about sign-in: ids 330 to 339. They contain no key and no signature.</summary>
internal static partial class SignInLog
{
    [LoggerMessage(
        330,
        LogLevel.Information,
        "Tenant {Tenant}: wallet {Wallet} signed in for rollup {Rollup}; its key expires at {Expiry:u}"
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
        "Tenant {Tenant}: wallet {Wallet} is no longer a delegate of rollup {Rollup}; its key was revoked"
    )]
    public static partial void DelegateEnded(this ILogger logger, long tenant, string wallet, string rollup);

    [LoggerMessage(332, LogLevel.Warning, "Delegates could not be checked, so their keys stay valid: {Reason}")]
    public static partial void DelegatesUnknown(this ILogger logger, string reason);
}

namespace Meeda.Operator.Persistence;

/// <summary>
/// Compares stored times of day. They may come from another clock: this machine's before it was corrected, or that of
/// another operator on the same database.
/// </summary>
internal static class Stamp
{
    /// <summary>
    /// Whether the stamp is older than <paramref name="age"/>. A stamp in the future is wrong and counts as old, so
    /// that nothing waits for the clock to reach it. False if there is no stamp.
    /// </summary>
    public static bool IsOlder(DateTimeOffset? stamp, TimeSpan age, DateTimeOffset now) =>
        stamp > now || now - stamp >= age;
}

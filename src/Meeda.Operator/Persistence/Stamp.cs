namespace Meeda.Operator.Persistence;

/// <summary>
/// Times of day that were stored. The process that stored one may have had another clock: this process before its clock
/// was set right, or another operator on the same database.
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

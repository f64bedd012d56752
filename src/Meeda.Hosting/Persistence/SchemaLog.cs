namespace Meeda.Hosting.Persistence;

/// <summary>Log messages about schemas: ids 310 and 311.</summary>
internal static partial class SchemaLog
{
    /// <summary>Tells which schemas were brought up to date as their databases were opened.</summary>
    public static void SchemasUpgraded(this ILogger logger, IEnumerable<SchemaChange> changes)
    {
        foreach (SchemaChange change in changes)
        {
            if (change.Copy is null)
            {
                logger.SchemaUpgradedWithoutCopy(change.Schema, change.From, change.To);
            }
            else
            {
                logger.SchemaUpgraded(change.Schema, change.From, change.To, change.Copy);
            }
        }
    }

    [LoggerMessage(
        310,
        LogLevel.Information,
        "The {Schema} was upgraded from schema version {From} to {To}; as it was before it is in {Copy}"
    )]
    private static partial void SchemaUpgraded(this ILogger logger, string schema, long from, long to, string copy);

    [LoggerMessage(
        311,
        LogLevel.Warning,
        "The {Schema} was upgraded from schema version {From} to {To}: keep the dump that was made before, since "
            + "an older version of Meeda cannot use it any more"
    )]
    private static partial void SchemaUpgradedWithoutCopy(this ILogger logger, string schema, long from, long to);
}

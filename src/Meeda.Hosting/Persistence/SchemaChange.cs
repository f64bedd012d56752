namespace Meeda.Hosting.Persistence;

/// <summary>A schema that was brought up to date.</summary>
/// <param name="Schema">Its name.</param>
/// <param name="From">The version that it had.</param>
/// <param name="To">The version that it has now.</param>
/// <param name="Copy">The file with the database as it was before; null where none was made.</param>
internal sealed record SchemaChange(string Schema, long From, long To, string? Copy)
{
    /// <summary>What a person should know, in one sentence.</summary>
    public string Sentence =>
        $"the {Schema} was upgraded from schema version {From} to {To}, and an older version of Meeda cannot use it "
        + (
            Copy is null
                ? "any more: keep the dump that was made before"
                : $"any more; as it was before it is in {Copy}, which may be deleted once this version works"
        );
}

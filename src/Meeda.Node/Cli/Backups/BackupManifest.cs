namespace Meeda.Node.Cli.Backups;

/// <summary>A file of a backup.</summary>
/// <param name="Name">Its name in the backup and in the folder that it belongs to.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">The SHA-256 of its content, 64 hex digits.</param>
/// <param name="Schema">The version of its schema.</param>
/// <param name="Holds">Its contents, in words.</param>
internal sealed record BackedUpFile(string Name, long Bytes, string Sha256, long Schema, string Holds);

/// <summary>A backup's description, in the file <see cref="FileName"/>.</summary>
/// <param name="Format">The version of this format: <see cref="Known"/>.</param>
/// <param name="MadeAt">When the backup was started.</param>
/// <param name="ChainId">The operator's chain; null if the backup contains no operator's ledger.</param>
/// <param name="Contract">The operator's contract.</param>
/// <param name="Account">The operator's account.</param>
/// <param name="Files">Its files.</param>
/// <param name="NotIncluded">What it does not include, and where that is, in words.</param>
/// <param name="Warnings">What is lost with this machine despite the backup, in words.</param>
internal sealed record BackupManifest(
    int Format,
    DateTimeOffset MadeAt,
    ulong? ChainId,
    string? Contract,
    string? Account,
    IReadOnlyList<BackedUpFile> Files,
    IReadOnlyList<string> NotIncluded,
    IReadOnlyList<string> Warnings
)
{
    /// <summary>The version that this program writes and reads.</summary>
    public const int Known = 1;

    /// <summary>The name of the manifest's file.</summary>
    public const string FileName = "manifest.json";

    /// <summary>The operator's ledger.</summary>
    public const string Ledger = "ledger.sqlite";

    /// <summary>The operator's tenants.</summary>
    public const string Tenants = "tenants.sqlite";

    /// <summary>The light node's database.</summary>
    public const string LightNode = "light.sqlite";

    /// <summary>The names that files of a backup may have.</summary>
    public static IReadOnlyList<string> Names { get; } = [Ledger, Tenants, LightNode];

    /// <summary>The suffix of a backup that is a single file.</summary>
    public const string ArchiveSuffix = ".tar";
}

/// <summary>What <c>restore --json</c> prints.</summary>
/// <param name="Folder">The operator's data folder.</param>
/// <param name="MadeAt">When the backup was made; null if a ledger was only marked.</param>
/// <param name="Files">The restored files.</param>
/// <param name="Next">The next steps, in words.</param>
internal sealed record RestoreOutput(
    string Folder,
    DateTimeOffset? MadeAt,
    IReadOnlyList<string> Files,
    IReadOnlyList<string> Next
);

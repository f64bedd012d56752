namespace Meeda.Node.Storage;

/// <summary>Where the node keeps its durable state.</summary>
public sealed class StorageOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Storage";

    /// <summary>
    /// The folder for rows and ledger; made if absent. Default <c>.meeda/operator</c> below the working folder, so that a first try needs
    /// no rights elsewhere.
    /// </summary>
    public string Folder { get; set; } = Path.Combine(".meeda", "operator");
}

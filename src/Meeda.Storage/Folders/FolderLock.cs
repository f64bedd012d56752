namespace Meeda.Storage.Folders;

/// <summary>
/// Keeps a second process out of a data folder, as long as this one lives: however it ends, the system lets go of the
/// lock.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    private readonly FileStream _file;

    /// <summary>Acquires the lock.</summary>
    /// <exception cref="IOException">Another process has it.</exception>
    public FolderLock(string folder) =>
        _file = new FileStream(
            Path.Combine(folder, "operator.lock"),
            FileMode.OpenOrCreate,
            FileAccess.ReadWrite,
            FileShare.None
        );

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}

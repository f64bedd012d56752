namespace Meeda.Hosting;

/// <summary>
/// Keeps a second process out of a data folder, as long as this one lives: however it ends, the system lets go of the
/// lock.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    private readonly FileStream _file;

    /// <summary>Acquires the lock.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="role">Whose folder it is, which names the file: <c>operator</c> or <c>light</c>.</param>
    /// <exception cref="IOException">Another process has it.</exception>
    public FolderLock(string folder, string role) =>
        _file = new FileStream(
            Path.Combine(folder, $"{role}.lock"),
            FileMode.OpenOrCreate,
            FileAccess.ReadWrite,
            FileShare.None
        );

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}

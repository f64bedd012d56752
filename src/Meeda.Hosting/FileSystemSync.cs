using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Meeda.Hosting;

/// <summary>
/// Syncs the file system that a folder is on (syncfs of Linux). The folder is open before what a sync shall report on
/// is written, since the system says a write-back error
/// once to each who had it open (Linux 5.8); and it is opened again after each sync, since another disk may stand in
/// its place by then.
/// </summary>
/// <param name="folder">The folder.</param>
internal sealed partial class FileSystemSync(string folder) : IDisposable
{
    private const int OpenReadOnly = 0;

    private readonly Lock _gate = new();
    private SafeFileHandle? _open = TryOpen(folder);

    /// <summary>
    /// Waits until everything written before is on the disk. Elsewhere than on Linux nothing can be waited for.
    /// </summary>
    /// <exception cref="IOException">Something of it is not, or the folder is gone.</exception>
    public void Sync()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        lock (_gate)
        {
            using SafeFileHandle open =
                _open
                ?? TryOpen(folder)
                ?? throw new IOException(
                    $"cannot open the folder {folder} to sync it (errno {Marshal.GetLastPInvokeError()})"
                );
            int answer = SyncFileSystem(open);
            int error = Marshal.GetLastPInvokeError();
            _open = TryOpen(folder);
            if (answer != 0)
            {
                throw new IOException($"the file system of {folder} cannot be synced (errno {error})");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _open?.Dispose();

    private static SafeFileHandle? TryOpen(string folder)
    {
        int descriptor = OperatingSystem.IsLinux() ? Open(folder, OpenReadOnly) : -1;
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFileSystem(SafeFileHandle folder);
}

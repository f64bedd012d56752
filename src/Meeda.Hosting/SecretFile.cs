using Microsoft.Win32.SafeHandles;

namespace Meeda.Hosting;

/// <summary>Files that hold a key or a password: only their owner may read them, as ssh asks of its keys.</summary>
internal static class SecretFile
{
    private const UnixFileMode Group = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute;
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Reads such a file.</summary>
    /// <param name="path">The file; links are followed, as secrets are often mounted behind them.</param>
    /// <param name="what">The secret's name, for the message.</param>
    /// <exception cref="SetupException">
    /// It cannot be read, or others than its owner may. The message holds nothing of it.
    /// </exception>
    public static string Read(string path, string what)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            Check(file, path, what);
            using var reader = new StreamReader(new FileStream(file, FileAccess.Read));
            return reader.ReadToEnd();
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SetupException($"{what}: {path} cannot be read");
        }
    }

    /// <summary>Checks the permissions of such a file.</summary>
    /// <exception cref="SetupException">It cannot be opened, or others than its owner may read or write it.</exception>
    public static void Check(string path, string what)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            Check(file, path, what);
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SetupException($"{what}: {path} cannot be read");
        }
    }

    /// <summary>
    /// Whether others than its owner and its group may read or write a file; false where that cannot be told.
    /// </summary>
    public static bool IsOpenToOthers(string path)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Others) != 0;
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }

    private static void Check(SafeFileHandle file, string path, string what)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // Access lists there have no such bits.
        }

        UnixFileMode mode = File.GetUnixFileMode(file);
        if ((mode & Others) != 0 || ((mode & Group) != 0 && MayChange(file, mode)))
        {
            throw new SetupException(
                $"{what}: {path} may be read or written by others than its owner "
                    + $"(mode {Convert.ToString((int)mode, 8).PadLeft(4, '0')}); run: chmod 600 {path}"
            );
        }
    }

    /// <summary>
    /// Whether the file is this user's. A container mounts a secret read-only, owned by root, and lets the program read
    /// it through its group: there is no one who could change that, and no one else in the group.
    /// </summary>
    private static bool MayChange(SafeFileHandle file, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            return false;
        }

        try
        {
            File.SetUnixFileMode(file, mode);
            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

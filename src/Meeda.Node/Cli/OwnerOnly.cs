using System.Runtime.InteropServices;

namespace Meeda.Node.Cli;

/// <summary>Who may read what a command of an operator or a light node writes.</summary>
internal static partial class OwnerOnly
{
    private const int GroupAndOthers = 0x3f; // 077

    /// <summary>From now on, files and folders that this process makes are its owner's only: ledger, tenants, rows, keys (0600, folders 0700).</summary>
    public static void Apply()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetMask(GroupAndOthers);
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial int SetMask(int mask);
}

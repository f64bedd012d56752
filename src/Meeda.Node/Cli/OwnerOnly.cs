using System.Runtime.InteropServices;

namespace Meeda.Node.Cli;

/// <summary>Restricts access to the files that an operator's or a light node's command writes.</summary>
internal static partial class OwnerOnly
{
    private const int GroupAndOthers = 0x3f; // 077

    /// <summary>
    /// From now on, only the owner can access files and folders that this process creates: ledger, tenants, rows, keys
    /// (0600, folders 0700).
    /// </summary>
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

using Meeda.Hosting;

namespace Meeda.Storage.Folders;

/// <summary>Detects folders whose acknowledged writes a power cut may lose.</summary>
internal static class DurabilityCheck
{
    /// <summary>
    /// Warns where the system has no way to sync a file system (<see cref="FileSystemSync"/>): there, rows of folders
    /// are in the system's memory when they count as stored, and a power cut takes them.
    /// </summary>
    public static void Warn(ILogger logger, bool isLinux)
    {
        if (!isLinux)
        {
            logger.NotDurableHere();
        }
    }
}

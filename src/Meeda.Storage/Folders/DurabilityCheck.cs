using Meeda.Hosting;

namespace Meeda.Storage.Folders;

/// <summary>What a power cut may take although it was said to be stored.</summary>
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

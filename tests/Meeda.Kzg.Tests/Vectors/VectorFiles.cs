using Meeda.Testing;

namespace Meeda.Kzg.Tests.Vectors;

/// <summary>
/// Where the consensus-spec-tests vectors for KZG lie: the folders of MEEDA_KZG_VECTORS (joined by ':'), or
/// <c>../shared/vectors/kzg</c> beside the
/// repository. The vectors are used in place and never committed.
/// </summary>
internal static class VectorFiles
{
    public const string Variable = "MEEDA_KZG_VECTORS";

    /// <summary>
    /// Every vector file with the function it is for: the name of the folder that holds it, or of the nearest one
    /// above that names a function.
    /// </summary>
    public static IReadOnlyList<(string Function, string Path)> All { get; } = Find();

    private static List<(string Function, string Path)> Find()
    {
        var files = new List<(string, string)>();
        foreach (string root in Roots())
        {
            foreach (
                string path in Directory
                    .EnumerateFiles(root, "*.yaml", SearchOption.AllDirectories)
                    .Order(StringComparer.Ordinal)
            )
            {
                files.Add((FunctionOf(root, path), path));
            }
        }

        return files;
    }

    private static string[] Roots()
    {
        string? configured = Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(configured))
        {
            return configured.Split(':', StringSplitOptions.RemoveEmptyEntries);
        }

        for (DirectoryInfo? folder = new(Repository.Root); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "../shared/vectors/kzg");
            if (Directory.Exists(candidate))
            {
                return [Path.GetFullPath(candidate)];
            }
        }

        return [];
    }

    private static string FunctionOf(string root, string path)
    {
        string[] folders = Path.GetDirectoryName(Path.GetRelativePath(root, path))!.Split(Path.DirectorySeparatorChar);
        return folders.LastOrDefault(SpecificationFunctions.IsKnown) ?? folders[^1];
    }
}

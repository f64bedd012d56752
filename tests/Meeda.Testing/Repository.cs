namespace Meeda.Testing;

/// <summary>The files of this repository on disk.</summary>
public static class Repository
{
    /// <summary>The folder that holds Meeda.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The C# files below a folder of the repository, without build output.</summary>
    public static IEnumerable<string> CSharpFiles(string folder) =>
        Directory
            .EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(file =>
                !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)
            );

    /// <summary>A path relative to the root.</summary>
    public static string Relative(string file) => Path.GetRelativePath(Root, file);

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Meeda.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("Meeda.sln is in no folder above the tests");
    }
}

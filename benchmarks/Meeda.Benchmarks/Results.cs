namespace Meeda.Benchmarks;

/// <summary>Where benchmarks leave what they found.</summary>
internal static class Results
{
    /// <summary>Prints a table and writes it to <c>benchmarks/results</c>, as Markdown and as JSON.</summary>
    public static void Write(string name, string table, string json)
    {
        string folder = Path.Combine(Root(), "benchmarks", "results");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, $"{name}.md"), table);
        File.WriteAllText(Path.Combine(folder, $"{name}.json"), json + "\n");
        Console.Write(table);
    }

    /// <summary>The folder of the solution.</summary>
    public static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Meeda.sln")))
        {
            folder =
                Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException("run the benchmarks from a checkout");
        }

        return folder;
    }
}

using System.Diagnostics;

namespace Meeda.Benchmarks;

/// <summary>This program once more, in a process of its own.</summary>
internal static class Child
{
    private const string ResultMark = "result: ";

    /// <summary>How to start it, whether it runs by its own host or by <c>dotnet</c>.</summary>
    public static ProcessStartInfo Start(params string[] arguments) =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet"
            ? new(Environment.ProcessPath!, [typeof(Child).Assembly.Location, .. arguments])
            : new(Environment.ProcessPath!, arguments);

    /// <summary>
    /// What this program can be told to leave unused of the processor, by the variable that tells it; null for
    /// nothing.
    /// </summary>
    public static IReadOnlyList<(string Name, string? Variable)> InstructionSets { get; } =
    [
        ("all instructions", null),
        ("without AVX-512", "DOTNET_EnableAVX512"),
        ("without any", "DOTNET_EnableHWIntrinsic"),
    ];

    /// <summary>Prints a result for the parent, which <see cref="Result"/> takes.</summary>
    public static void Report(string result) => Console.WriteLine(ResultMark + result);

    /// <summary>Runs a child to its end.</summary>
    /// <param name="start">How.</param>
    /// <param name="without">The variable that switches an instruction set off, or null.</param>
    /// <returns>What it reported.</returns>
    /// <exception cref="InvalidOperationException">It failed, or reported nothing.</exception>
    public static string Result(ProcessStartInfo start, string? without)
    {
        start.RedirectStandardOutput = true;
        if (without is not null)
        {
            start.Environment[without] = "0";
        }

        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string? result = output
            .Split('\n')
            .FirstOrDefault(line => line.StartsWith(ResultMark, StringComparison.Ordinal));
        return process.ExitCode == 0 && result is not null
            ? result[ResultMark.Length..]
            : throw new InvalidOperationException($"the run {without} failed with code {process.ExitCode}");
    }
}

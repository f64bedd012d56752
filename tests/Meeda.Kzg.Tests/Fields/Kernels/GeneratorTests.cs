using System.ComponentModel;
using System.Diagnostics;
using Meeda.Testing;

namespace Meeda.Kzg.Tests.Fields.Kernels;

public sealed class GeneratorTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "src", "Meeda.Kzg", "Fields", "Kernels");

    [SkippableTheory]
    [InlineData("fp_kernels.py", "512", "FpVector512.cs")]
    [InlineData("fp_kernels.py", "256", "FpVector256.cs")]
    [InlineData("fr_kernels.py", "512", "FrVector512.cs")]
    [InlineData("fr_kernels.py", "256", "FrVector256.cs")]
    [InlineData("fp_narrow_kernels.py", "", "FpNarrow.cs")]
    public void CommittedKernels_Generator_WritesTheSame(string script, string bits, string file)
    {
        string generated = Python(script, bits);

        Assert.Equal(File.ReadAllText(Path.Combine(Folder, file)), generated);
    }

    [Trait("Category", "Slow")]
    [SkippableFact]
    public void Simulation_RandomAndExtremeLimbs_FindsEveryOperationExact() =>
        Assert.Contains("every operation exact", Python("simulate.py", "60"), StringComparison.Ordinal);

    private static string Python(string script, string argument)
    {
        var start = new ProcessStartInfo("python3", ["-B", Path.Combine(Folder, "generator", script), argument])
        {
            RedirectStandardOutput = true,
        };
        try
        {
            using Process process = Process.Start(start)!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            return output;
        }
        catch (Win32Exception)
        {
            throw new SkipException("python3 is missing");
        }
    }
}

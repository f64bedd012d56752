using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Tests.Kernels;

/// <summary>The vector kernels against integers, with the largest limbs they may meet, and their generator and bound proof.</summary>
public sealed unsafe class FpKernelTests
{
    private const long Limit = (1L << 47) + 64;

    private static readonly BigInteger P = BigInteger.Parse("01A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB", System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);

    [SkippableTheory]
    [InlineData(4)]
    [InlineData(8)]
    public void Kernels_RandomAndExtremeLimbs_AreTheIntegerResult(int lanes)
    {
        Skip.IfNot(lanes == 8 ? Avx512F.IsSupported : Fma.IsSupported, "the processor has no such vectors");
        var random = new Random(lanes);
        int element = 8 * lanes;
        double* memory = (double*)NativeMemory.AlignedAlloc((nuint)(sizeof(double) * element * 7), 64);
        try
        {
            double* r = memory, a = memory + element, b = memory + (2 * element), x = memory + (3 * element), y = memory + (4 * element), s = memory + (5 * element);
            for (int round = 0; round < 2000; round++)
            {
                Fill(random, a, lanes, 2);
                Fill(random, b, lanes, 1);
                Fill(random, x, lanes, 1);
                Fill(random, y, lanes, 1);
                Run(lanes, 0, r, a, b, x, y, s);
                Check(lanes, r, i => Value(a, i, lanes) * Value(b, i, lanes));
                Run(lanes, 1, r, a, b, x, y, s);
                Check(lanes, r, i => Value(b, i, lanes) * Value(b, i, lanes));
                Run(lanes, 2, r, a, b, x, y, s);
                Check(lanes, r, i => (Value(a, i, lanes) * Value(b, i, lanes)) - Value(x, i, lanes));
                Run(lanes, 3, r, a, b, x, y, s);
                Check(lanes, r, i => (Value(b, i, lanes) * Value(b, i, lanes)) - Value(x, i, lanes) - Value(y, i, lanes));
            }
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    [SkippableFact]
    public void Generator_RunAgain_WritesTheCommittedFiles()
    {
        string folder = Folder();
        string target = Directory.CreateTempSubdirectory("kernels").FullName;
        Python(Path.Combine(folder, "generate.py"), target);
        foreach (string name in new[] { "FpKernels256.cs", "FpKernels512.cs" })
        {
            Assert.Equal(File.ReadAllText(Path.Combine(folder, name)), File.ReadAllText(Path.Combine(target, name)));
        }

        Directory.Delete(target, recursive: true);
    }

    [Fact]
    public void RoundsToNearest_UnchangedThread_IsTrue() => Assert.True(FpLimbs.RoundsToNearest);

    [SkippableFact]
    public void Bounds_AllKernels_AreProved() => Python(Path.Combine(Folder(), "bounds.py"), string.Empty);

    private static void Run(int lanes, int kernel, double* r, double* a, double* b, double* x, double* y, double* s)
    {
        switch (lanes, kernel)
        {
            case (8, 0): FpKernels512.Multiply(r, a, b, s); break;
            case (8, 1): FpKernels512.Square(r, b, s); break;
            case (8, 2): FpKernels512.MultiplySubtract(r, a, b, x, s); break;
            case (8, _): FpKernels512.SquareSubtract(r, b, x, y, s); break;
            case (_, 0): FpKernels256.Multiply(r, a, b, s); break;
            case (_, 1): FpKernels256.Square(r, b, s); break;
            case (_, 2): FpKernels256.MultiplySubtract(r, a, b, x, s); break;
            default: FpKernels256.SquareSubtract(r, b, x, y, s); break;
        }
    }

    private static void Fill(Random random, double* limbs, int lanes, long factor)
    {
        for (int i = 0; i < 8 * lanes; i++)
        {
            long limit = i / lanes == 7 ? 1L << 45 : Limit;
            limbs[i] = factor * (random.Next(4) switch { 0 => limit, 1 => -limit, 2 => random.Next(-1, 2), _ => random.NextInt64(-limit, limit) });
        }
    }

    private static BigInteger Value(double* limbs, int lane, int lanes)
    {
        BigInteger value = 0;
        for (int i = 7; i >= 0; i--)
        {
            value = (value << 48) + new BigInteger(limbs[(i * lanes) + lane]);
        }

        return value;
    }

    private static void Check(int lanes, double* r, Func<int, BigInteger> expected)
    {
        for (int lane = 0; lane < lanes; lane++)
        {
            BigInteger value = Value(r, lane, lanes);
            Assert.Equal(BigInteger.Zero, (value - expected(lane)) % P);
            Assert.True(BigInteger.Abs(value) * 100 < P * 67);
            for (int i = 0; i < 7; i++)
            {
                Assert.True(Math.Abs(r[(i * lanes) + lane]) <= Limit);
            }
        }
    }

    private static string Folder()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string folder = Path.Combine(at.FullName, "src", "Meeda.Kzg", "Fields", "Kernels");
            if (Directory.Exists(folder))
            {
                return folder;
            }
        }

        throw new DirectoryNotFoundException("src/Meeda.Kzg/Fields/Kernels");
    }

    private static void Python(string script, string argument)
    {
        var start = new ProcessStartInfo("python3") { RedirectStandardError = true };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.ArgumentList.Add(script);
        start.ArgumentList.Add(argument);
        Process? process = null;
        try
        {
            process = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
        }

        Skip.If(process is null, "python3 is not here");
        using (process)
        {
            string errors = process!.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, errors);
        }
    }
}

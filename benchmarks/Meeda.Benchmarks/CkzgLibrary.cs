using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Meeda.Benchmarks;

/// <summary>
/// c-kzg-4844 in this process, built from the sources in its npm package into .meeda/bench at the repository's root.
/// </summary>
internal sealed unsafe class CkzgLibrary
{
    private const string Version = "4.1.0";

    // KZGSettings is nine pointers and words; more is given than it takes.
    private const int SettingsLength = 256;

    private static readonly string SetupPath = Path.Combine("deps", "c-kzg", "trusted_setup.txt");

    private readonly nint _library;
    private readonly byte* _settings = (byte*)NativeMemory.AllocZeroed(SettingsLength);

    private CkzgLibrary(nint library) => _library = library;

    /// <summary>Builds what is not built yet, and loads the library with the ceremony's setup.</summary>
    public static CkzgLibrary Load(string cache, int precompute, out double setupMilliseconds)
    {
        Directory.CreateDirectory(cache);
        string file = Path.Combine(cache, "libckzg.so");
        string package = Path.Combine(cache, "node_modules", "c-kzg");
        if (!File.Exists(file))
        {
            Execute(
                "npm",
                cache,
                "install",
                $"c-kzg@{Version}",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--prefix",
                cache
            );
            string k = Path.Combine(package, "deps");
            Execute(
                "gcc",
                cache,
                "-O2",
                "-fPIC",
                "-shared",
                "-D__BLST_PORTABLE__",
                $"-I{k}/blst/bindings",
                $"-I{k}/c-kzg",
                $"{k}/c-kzg/ckzg.c",
                $"{k}/blst/src/server.c",
                $"{k}/blst/build/assembly.S",
                "-o",
                file
            );
        }

        var library = new CkzgLibrary(NativeLibrary.Load(file));
        string[] setup = File.ReadAllText(Path.Combine(package, SetupPath))
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        int g1 = int.Parse(setup[0], CultureInfo.InvariantCulture);
        int g2 = int.Parse(setup[1], CultureInfo.InvariantCulture);
        byte[] lagrange = Convert.FromHexString(string.Concat(setup.Skip(2).Take(g1)));
        byte[] powers2 = Convert.FromHexString(string.Concat(setup.Skip(2 + g1).Take(g2)));
        byte[] monomial = Convert.FromHexString(string.Concat(setup.Skip(2 + g1 + g2).Take(g1)));
        long start = Stopwatch.GetTimestamp();
        fixed (
            byte* m = monomial,
                l = lagrange,
                p = powers2
        )
        {
            Check(
                (
                    (delegate* unmanaged<byte*, byte*, ulong, byte*, ulong, byte*, ulong, ulong, int>)
                        library.Function("load_trusted_setup")
                )(
                    library._settings,
                    m,
                    (ulong)monomial.Length,
                    l,
                    (ulong)lagrange.Length,
                    p,
                    (ulong)powers2.Length,
                    (ulong)precompute
                )
            );
        }

        setupMilliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        return library;
    }

    /// <summary>blob_to_kzg_commitment.</summary>
    public void Commit(byte* commitment, byte* blob) =>
        Check(
            ((delegate* unmanaged<byte*, byte*, byte*, int>)Function("blob_to_kzg_commitment"))(
                commitment,
                blob,
                _settings
            )
        );

    /// <summary>compute_kzg_proof.</summary>
    public void Open(byte* proof, byte* y, byte* blob, byte* z) =>
        Check(
            ((delegate* unmanaged<byte*, byte*, byte*, byte*, byte*, int>)Function("compute_kzg_proof"))(
                proof,
                y,
                blob,
                z,
                _settings
            )
        );

    /// <summary>verify_kzg_proof.</summary>
    public bool Verify(byte* commitment, byte* z, byte* y, byte* proof)
    {
        bool ok;
        Check(
            ((delegate* unmanaged<bool*, byte*, byte*, byte*, byte*, byte*, int>)Function("verify_kzg_proof"))(
                &ok,
                commitment,
                z,
                y,
                proof,
                _settings
            )
        );
        return ok;
    }

    /// <summary>verify_blob_kzg_proof_batch.</summary>
    public bool VerifyBatch(byte* blobs, byte* commitments, byte* proofs, int count)
    {
        bool ok;
        Check(
            (
                (delegate* unmanaged<bool*, byte*, byte*, byte*, ulong, byte*, int>)Function(
                    "verify_blob_kzg_proof_batch"
                )
            )(&ok, blobs, commitments, proofs, (ulong)count, _settings)
        );
        return ok;
    }

    /// <summary>compute_cells_and_kzg_proofs.</summary>
    public void CellsAndProofs(byte* cells, byte* proofs, byte* blob) =>
        Check(
            ((delegate* unmanaged<byte*, byte*, byte*, byte*, int>)Function("compute_cells_and_kzg_proofs"))(
                cells,
                proofs,
                blob,
                _settings
            )
        );

    /// <summary>verify_cell_kzg_proof_batch.</summary>
    public bool VerifyCells(byte* commitments, ulong* indices, byte* cells, byte* proofs, int count)
    {
        bool ok;
        Check(
            (
                (delegate* unmanaged<bool*, byte*, ulong*, byte*, byte*, ulong, byte*, int>)Function(
                    "verify_cell_kzg_proof_batch"
                )
            )(&ok, commitments, indices, cells, proofs, (ulong)count, _settings)
        );
        return ok;
    }

    private void* Function(string name) => (void*)NativeLibrary.GetExport(_library, name);

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException($"c-kzg returned {result}");
        }
    }

    private static void Execute(string program, string folder, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder })!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} failed with code {process.ExitCode}");
        }
    }
}

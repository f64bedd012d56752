using System.Runtime.InteropServices;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;

namespace Meeda.Kzg.Tests.Independent;

/// <summary>
/// c-kzg-4844, the C library that most of Ethereum's clients use, as an oracle. MEEDA_CKZG_LIBRARY names a libckzg.so
/// that exports its functions, made from the
/// sources in npm's c-kzg (K = node_modules/c-kzg/deps) by
/// <c>gcc -O2 -fPIC -shared -D__BLST_PORTABLE__ -I$K/blst/bindings -I$K/c-kzg $K/c-kzg/ckzg.c $K/blst/src/server.c
/// $K/blst/build/assembly.S -o libckzg.so</c>.
/// Every call gives null where the library refuses its input.
/// </summary>
internal sealed unsafe class CkzgLibrary : IKzgOracle
{
    public const string Variable = "MEEDA_CKZG_LIBRARY";

    // More than sizeof(KZGSettings).
    private const int SettingsSize = 1024;

    private static readonly Lazy<CkzgLibrary> LazyInstance = new(() =>
        new CkzgLibrary(Environment.GetEnvironmentVariable(Variable)!)
    );

    private readonly nint _library;
    private readonly void* _settings;

    private CkzgLibrary(string path)
    {
        _library = NativeLibrary.Load(path);
        _settings = NativeMemory.AllocZeroed(SettingsSize);
        using Stream stream = typeof(TrustedSetup).Assembly.GetManifestResourceStream(
            "Meeda.Kzg.Commitments.ethereum-trusted-setup.bin"
        )!;
        var points = new byte[stream.Length];
        stream.ReadExactly(points);
        var load = (delegate* unmanaged<void*, byte*, ulong, byte*, ulong, byte*, ulong, ulong, int>)Function(
            "load_trusted_setup"
        );
        const int G1Length = 4096 * 48;
        const int G2Length = 65 * 96;
        fixed (byte* p = points)
        {
            int result = load(_settings, p + G1Length + G2Length, G1Length, p, G1Length, p + G1Length, G2Length, 0);
            Assert.Equal(0, result);
        }
    }

    public static bool IsPresent => File.Exists(Environment.GetEnvironmentVariable(Variable));

    public static CkzgLibrary Instance => LazyInstance.Value;

    public byte[]? Commit(byte[] blob)
    {
        var output = new byte[48];
        var function = (delegate* unmanaged<byte*, byte*, void*, int>)Function("blob_to_kzg_commitment");
        fixed (
            byte* o = output,
                b = blob
        )
        {
            return function(o, b, _settings) == 0 ? output : null;
        }
    }

    public (byte[] Proof, byte[] Y)? Open(byte[] blob, byte[] z)
    {
        var proof = new byte[48];
        var y = new byte[32];
        var function = (delegate* unmanaged<byte*, byte*, byte*, byte*, void*, int>)Function("compute_kzg_proof");
        fixed (
            byte* p = proof,
                v = y,
                b = blob,
                point = z
        )
        {
            return function(p, v, b, point, _settings) == 0 ? (proof, y) : null;
        }
    }

    public byte[]? OpenBlob(byte[] blob, byte[] commitment)
    {
        var output = new byte[48];
        var function = (delegate* unmanaged<byte*, byte*, byte*, void*, int>)Function("compute_blob_kzg_proof");
        fixed (
            byte* o = output,
                b = blob,
                c = commitment
        )
        {
            return function(o, b, c, _settings) == 0 ? output : null;
        }
    }

    public bool? VerifyProof(byte[] commitment, byte[] z, byte[] y, byte[] proof)
    {
        byte ok = 0;
        var function = (delegate* unmanaged<byte*, byte*, byte*, byte*, byte*, void*, int>)Function("verify_kzg_proof");
        fixed (
            byte* c = commitment,
                point = z,
                v = y,
                p = proof
        )
        {
            return function(&ok, c, point, v, p, _settings) == 0 ? ok != 0 : null;
        }
    }

    public bool? VerifyBlobProofBatch(byte[] blobs, byte[] commitments, byte[] proofs)
    {
        byte ok = 0;
        var function = (delegate* unmanaged<byte*, byte*, byte*, byte*, ulong, void*, int>)Function(
            "verify_blob_kzg_proof_batch"
        );
        fixed (
            byte* b = blobs,
                c = commitments,
                p = proofs
        )
        {
            return function(&ok, b, c, p, (ulong)(proofs.Length / KzgProof.Length), _settings) == 0 ? ok != 0 : null;
        }
    }

    public (byte[] Cells, byte[] Proofs)? ComputeCellsAndKzgProofs(byte[] blob)
    {
        var cells = new byte[Cell.CountPerBlob * Cell.ByteLength];
        var proofs = new byte[Cell.CountPerBlob * KzgProof.Length];
        var function = (delegate* unmanaged<byte*, byte*, byte*, void*, int>)Function("compute_cells_and_kzg_proofs");
        fixed (
            byte* c = cells,
                p = proofs,
                b = blob
        )
        {
            return function(c, p, b, _settings) == 0 ? (cells, proofs) : null;
        }
    }

    public (byte[] Cells, byte[] Proofs)? RecoverCellsAndKzgProofs(ulong[] indices, byte[] present)
    {
        var cells = new byte[Cell.CountPerBlob * Cell.ByteLength];
        var proofs = new byte[Cell.CountPerBlob * KzgProof.Length];
        var function = (delegate* unmanaged<byte*, byte*, ulong*, byte*, ulong, void*, int>)Function(
            "recover_cells_and_kzg_proofs"
        );
        fixed (
            byte* c = cells,
                p = proofs,
                b = present
        )
        {
            fixed (ulong* i = indices)
            {
                return function(c, p, i, b, (ulong)indices.Length, _settings) == 0 ? (cells, proofs) : null;
            }
        }
    }

    public bool? VerifyCellKzgProofBatch(byte[] commitments, ulong[] indices, byte[] cells, byte[] proofs)
    {
        byte ok = 0;
        var function = (delegate* unmanaged<byte*, byte*, ulong*, byte*, byte*, ulong, void*, int>)Function(
            "verify_cell_kzg_proof_batch"
        );
        fixed (
            byte* c = commitments,
                b = cells,
                p = proofs
        )
        {
            fixed (ulong* i = indices)
            {
                return function(&ok, c, i, b, p, (ulong)indices.Length, _settings) == 0 ? ok != 0 : null;
            }
        }
    }

    private void* Function(string name) => (void*)NativeLibrary.GetExport(_library, name);
}

using System.Diagnostics;
using System.Text.Json;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Testing;

namespace Meeda.Kzg.Tests.Independent;

/// <summary>
/// rust-eth-kzg, the Rust library that some of Ethereum's clients use, as an oracle, in a process of node's.
/// MEEDA_RUST_KZG_FOLDER names a folder into which
/// <c>npm install @crate-crypto/node-eth-kzg@0.10.0</c> has been done.
/// </summary>
internal sealed class RustLibrary : IKzgOracle
{
    public const string Variable = "MEEDA_RUST_KZG_FOLDER";

    private static readonly Lazy<RustLibrary> LazyInstance = new(() =>
        new RustLibrary(Environment.GetEnvironmentVariable(Variable)!)
    );

    private readonly Process _process;

    private RustLibrary(string folder)
    {
        string script = Path.Combine(Repository.Root, "tests", "Meeda.Kzg.Tests", "Independent", "rust-oracle.mjs");
        _process = Process.Start(
            new ProcessStartInfo("node", [script])
            {
                WorkingDirectory = folder,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
    }

    public static bool IsPresent =>
        Environment.GetEnvironmentVariable(Variable) is { } folder
        && Directory.Exists(Path.Combine(folder, "node_modules", "@crate-crypto", "node-eth-kzg"));

    public static RustLibrary Instance => LazyInstance.Value;

    public byte[]? Commit(byte[] blob) => Bytes(Call("blobToKzgCommitment", Hex(blob)));

    public (byte[] Proof, byte[] Y)? Open(byte[] blob, byte[] z) => Pair(Call("computeKzgProof", Hex(blob), Hex(z)));

    public byte[]? OpenBlob(byte[] blob, byte[] commitment) =>
        Bytes(Call("computeBlobKzgProof", Hex(blob), Hex(commitment)));

    public bool? VerifyProof(byte[] commitment, byte[] z, byte[] y, byte[] proof) =>
        Boolean(Call("verifyKzgProof", Hex(commitment), Hex(z), Hex(y), Hex(proof)));

    public bool? VerifyBlobProofBatch(byte[] blobs, byte[] commitments, byte[] proofs) =>
        Boolean(
            Call(
                "verifyBlobKzgProofBatch",
                Hex(blobs, Blob.ByteLength),
                Hex(commitments, KzgCommitment.Length),
                Hex(proofs, KzgProof.Length)
            )
        );

    public (byte[] Cells, byte[] Proofs)? ComputeCellsAndKzgProofs(byte[] blob) =>
        Pair(Call("computeCellsAndKzgProofs", Hex(blob)));

    public (byte[] Cells, byte[] Proofs)? RecoverCellsAndKzgProofs(ulong[] indices, byte[] present) =>
        Pair(Call("recoverCellsAndKzgProofs", indices, Hex(present, Cell.ByteLength)));

    public bool? VerifyCellKzgProofBatch(byte[] commitments, ulong[] indices, byte[] cells, byte[] proofs) =>
        Boolean(
            Call(
                "verifyCellKzgProofBatch",
                Hex(commitments, KzgCommitment.Length),
                indices,
                Hex(cells, Cell.ByteLength),
                Hex(proofs, KzgProof.Length)
            )
        );

    private JsonElement Call(string function, params object[] arguments)
    {
        lock (_process)
        {
            _process.StandardInput.WriteLine(JsonSerializer.Serialize<object[]>([function, .. arguments]));
            string line = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("node has ended");
            return JsonSerializer.Deserialize<JsonElement>(line);
        }
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    private static string[] Hex(byte[] bytes, int length) => [.. bytes.Chunk(length).Select(chunk => Hex(chunk))];

    private static bool? Boolean(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Null ? null : answer.GetBoolean();

    private static byte[]? Bytes(JsonElement answer) =>
        answer.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.String => Convert.FromHexString(answer.GetString()!),
            _ => [.. answer.EnumerateArray().SelectMany(part => Bytes(part)!)],
        };

    private static (byte[] First, byte[] Second)? Pair(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Null ? null : (Bytes(answer[0])!, Bytes(answer[1])!);
}

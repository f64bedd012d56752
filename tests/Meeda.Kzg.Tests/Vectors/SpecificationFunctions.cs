using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using YamlDotNet.RepresentationModel;

namespace Meeda.Kzg.Tests.Vectors;

/// <summary>
/// The functions of consensus-specs that vectors exist for, each as a call into Meeda.Kzg with its result as the
/// vectors write it.
/// </summary>
internal static class SpecificationFunctions
{
    // A function without a delegate is known but not built.
    private static readonly Dictionary<string, Func<VectorInput, string>?> Functions = new()
    {
        ["blob_to_kzg_commitment"] = input => Keys.Commitment.Commit(input.Bytes("blob")).ToString(),
        ["compute_challenge"] = input => ComputeChallenge(input.Bytes("blob"), input.Commitment("commitment")),
        ["compute_kzg_proof"] = input =>
        {
            KzgProof proof = Keys.Commitment.Open(input.Bytes("blob"), input.Scalar("z"), out Fr y);
            return $"[{proof},{y}]";
        },
        ["compute_blob_kzg_proof"] = input =>
            Keys.Commitment.OpenBlob(input.Bytes("blob"), input.Commitment("commitment")).ToString(),
        ["verify_kzg_proof"] = input =>
            Boolean(
                Keys.Verification.VerifyProof(
                    input.Bytes("commitment"),
                    input.Bytes("z"),
                    input.Bytes("y"),
                    input.Bytes("proof")
                )
            ),
        ["verify_blob_kzg_proof"] = input =>
            Boolean(
                Keys.Verification.VerifyBlobProof(input.Bytes("blob"), input.Bytes("commitment"), input.Bytes("proof"))
            ),
        ["verify_blob_kzg_proof_batch"] = input =>
            Boolean(
                Keys.Verification.VerifyBlobProofBatch(
                    input.Concatenated("blobs", Blob.ByteLength),
                    input.Commitments("commitments"),
                    input.Proofs("proofs")
                )
            ),
        ["compute_cells"] = input => CellList(Keys.Cells.ComputeCells(input.Bytes("blob"))),
        ["compute_cells_and_kzg_proofs"] = input =>
        {
            byte[] cells = Keys.Cells.ComputeCellsAndKzgProofs(input.Bytes("blob"), out KzgProof[] proofs);
            return $"[{CellList(cells)},[{string.Join(',', proofs)}]]";
        },
        ["recover_cells_and_kzg_proofs"] = input =>
        {
            byte[] cells = Keys.Cells.RecoverCellsAndKzgProofs(
                input.CellIndices(),
                input.Concatenated("cells", Cell.ByteLength),
                out KzgProof[] proofs
            );
            return $"[{CellList(cells)},[{string.Join(',', proofs)}]]";
        },
        ["verify_cell_kzg_proof_batch"] = input =>
            Boolean(
                Keys.CellVerifier.VerifyCellKzgProofBatch(
                    input.Concatenated("commitments", KzgCommitment.Length),
                    input.CellIndices(),
                    input.Concatenated("cells", Cell.ByteLength),
                    input.Concatenated("proofs", KzgProof.Length)
                )
            ),
        ["compute_verify_cell_kzg_proof_batch_challenge"] = input =>
            CellBatchChallenge
                .Compute(
                    input.Commitments("commitments"),
                    [.. input.Integers("commitment_indices").Select(index => (int)index)],
                    input.CellIndices(),
                    input.CosetEvaluations(),
                    input.Proofs("proofs")
                )
                .ToString(),
    };

    public static bool IsKnown(string name) => Functions.ContainsKey(name);

    public static Func<VectorInput, string>? Find(string name) => Functions[name];

    /// <summary>An expected output in the form that the calls give.</summary>
    public static string Expected(YamlNode output) =>
        output switch
        {
            YamlScalarNode scalar => scalar.Value!,
            YamlSequenceNode list => $"[{string.Join(',', list.Select(Expected))}]",
            _ => throw new InvalidDataException("output: neither a value nor a list"),
        };

    private static string ComputeChallenge(byte[] blob, KzgCommitment commitment) =>
        Blob.IsCanonical(blob) && blob.Length == Blob.ByteLength
            ? BlobChallenge.Compute(blob, commitment).ToString()
            : throw new KzgFormatException("blob");

    private static string CellList(byte[] cells) =>
        $"[{string.Join(',', cells.Chunk(Cell.ByteLength).Select(cell => "0x" + Convert.ToHexStringLower(cell)))}]";

    private static string Boolean(bool value) => value ? "true" : "false";
}

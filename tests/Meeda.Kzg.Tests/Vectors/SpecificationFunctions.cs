using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using YamlDotNet.RepresentationModel;

namespace Meeda.Kzg.Tests.Vectors;

/// <summary>The functions of consensus-specs that vectors exist for, each as a call into Meeda.Kzg with its result as the vectors write it.</summary>
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
        ["compute_blob_kzg_proof"] = input => Keys.Commitment.OpenBlob(input.Bytes("blob"), input.Commitment("commitment")).ToString(),
        ["verify_kzg_proof"] = input => Boolean(
            Keys.Verification.VerifyProof(input.Commitment("commitment"), input.Scalar("z"), input.Scalar("y"), input.Proof("proof"))),
        ["verify_blob_kzg_proof"] = input => Boolean(
            Keys.Verification.VerifyBlobProof(input.Bytes("blob"), input.Commitment("commitment"), input.Proof("proof"))),
        ["verify_blob_kzg_proof_batch"] = input => Boolean(
            Keys.Verification.VerifyBlobProofBatch(
                input.Concatenated("blobs", Blob.ByteLength), input.Commitments("commitments"), input.Proofs("proofs"))),
        ["compute_cells"] = null,
        ["compute_cells_and_kzg_proofs"] = null,
        ["recover_cells_and_kzg_proofs"] = null,
        ["verify_cell_kzg_proof_batch"] = null,
        ["compute_verify_cell_kzg_proof_batch_challenge"] = null,
    };

    public static bool IsKnown(string name) => Functions.ContainsKey(name);

    public static Func<VectorInput, string>? Find(string name) => Functions[name];

    /// <summary>An expected output in the form that the calls give.</summary>
    public static string Expected(YamlNode output) => output switch
    {
        YamlScalarNode scalar => scalar.Value!,
        YamlSequenceNode list => $"[{string.Join(',', list.Select(Expected))}]",
        _ => throw new InvalidDataException("output: neither a value nor a list"),
    };

    private static string ComputeChallenge(byte[] blob, KzgCommitment commitment) => Blob.IsCanonical(blob) && blob.Length == Blob.ByteLength
        ? BlobChallenge.Compute(blob, commitment).ToString()
        : throw new KzgFormatException("blob");

    private static string Boolean(bool value) => value ? "true" : "false";
}

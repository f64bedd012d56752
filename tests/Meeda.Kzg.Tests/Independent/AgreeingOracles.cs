namespace Meeda.Kzg.Tests.Independent;

/// <summary>Oracles of which each is asked, and which have to agree.</summary>
internal sealed class AgreeingOracles(params IReadOnlyList<IKzgOracle> oracles) : IKzgOracle
{
    public byte[]? Commit(byte[] blob) => Agreed(oracle => oracle.Commit(blob));

    public (byte[] Proof, byte[] Y)? Open(byte[] blob, byte[] z) => Agreed(oracle => oracle.Open(blob, z));

    public byte[]? OpenBlob(byte[] blob, byte[] commitment) => Agreed(oracle => oracle.OpenBlob(blob, commitment));

    public bool? VerifyProof(byte[] commitment, byte[] z, byte[] y, byte[] proof) =>
        Agreed(oracle => oracle.VerifyProof(commitment, z, y, proof));

    public bool? VerifyBlobProofBatch(byte[] blobs, byte[] commitments, byte[] proofs) =>
        Agreed(oracle => oracle.VerifyBlobProofBatch(blobs, commitments, proofs));

    public (byte[] Cells, byte[] Proofs)? ComputeCellsAndKzgProofs(byte[] blob) =>
        Agreed(oracle => oracle.ComputeCellsAndKzgProofs(blob));

    public (byte[] Cells, byte[] Proofs)? RecoverCellsAndKzgProofs(ulong[] indices, byte[] present) =>
        Agreed(oracle => oracle.RecoverCellsAndKzgProofs(indices, present));

    public bool? VerifyCellKzgProofBatch(byte[] commitments, ulong[] indices, byte[] cells, byte[] proofs) =>
        Agreed(oracle => oracle.VerifyCellKzgProofBatch(commitments, indices, cells, proofs));

    private T Agreed<T>(Func<IKzgOracle, T> ask)
    {
        T[] answers = [.. oracles.Select(ask)];
        Assert.All(answers, answer => Assert.Equal(Text(answers[0]), Text(answer)));
        return answers[0];
    }

    private static string Text(object? answer) =>
        answer switch
        {
            null => "refused",
            byte[] bytes => Convert.ToHexStringLower(bytes),
            (byte[] first, byte[] second) => $"{Text(first)} {Text(second)}",
            _ => answer.ToString()!,
        };
}

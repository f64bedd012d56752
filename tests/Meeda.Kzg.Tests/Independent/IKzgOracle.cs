namespace Meeda.Kzg.Tests.Independent;

/// <summary>
/// The specification's functions as someone else wrote them. Every call gives null where the input is refused.
/// </summary>
internal interface IKzgOracle
{
    byte[]? Commit(byte[] blob);

    (byte[] Proof, byte[] Y)? Open(byte[] blob, byte[] z);

    byte[]? OpenBlob(byte[] blob, byte[] commitment);

    bool? VerifyProof(byte[] commitment, byte[] z, byte[] y, byte[] proof);

    bool? VerifyBlobProofBatch(byte[] blobs, byte[] commitments, byte[] proofs);

    (byte[] Cells, byte[] Proofs)? ComputeCellsAndKzgProofs(byte[] blob);

    (byte[] Cells, byte[] Proofs)? RecoverCellsAndKzgProofs(ulong[] indices, byte[] present);

    bool? VerifyCellKzgProofBatch(byte[] commitments, ulong[] indices, byte[] cells, byte[] proofs);
}

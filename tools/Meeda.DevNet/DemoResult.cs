namespace Meeda.DevNet;

/// <summary>What the demo did, for scripts.</summary>
/// <param name="BatchId">The batch's id.</param>
/// <param name="Bytes">The payload's length.</param>
/// <param name="Blobs">Its blobs.</param>
/// <param name="Commitment">What the operator answered.</param>
/// <param name="AnchorTx">The anchor's transaction.</param>
/// <param name="AnchorGas">Its gas.</param>
/// <param name="Epoch">The epoch whose proof covers the batch.</param>
/// <param name="ProofTx">The proof's transaction.</param>
/// <param name="ProofGas">Its gas.</param>
/// <param name="Verified">Whether everything that was checked holds.</param>
internal sealed record DemoResult(
    string BatchId,
    int Bytes,
    int Blobs,
    string Commitment,
    string AnchorTx,
    ulong AnchorGas,
    ulong Epoch,
    string ProofTx,
    ulong ProofGas,
    bool Verified
);

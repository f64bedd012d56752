using Meeda.Ethereum;
using Meeda.Protocol.Batches;

namespace Meeda.Protocol.Signatures;

/// <summary>
/// A rollup's order to charge its prepayment for a batch. The rollup's poster signs it (EIP-712), and the operator
/// sends it with the anchor.
/// </summary>
/// <param name="Rollup">The account whose prepayment is charged.</param>
/// <param name="Batch">The batch.</param>
/// <param name="Operator">The operator's account id.</param>
/// <param name="MaxWei">The maximum that the batch may cost over all renewals, in wei.</param>
/// <param name="Deadline">The last L1 block in which it may be charged.</param>
public sealed record Order(Address Rollup, BatchId Batch, Address Operator, UInt128 MaxWei, ulong Deadline)
{
    private static readonly Bytes32 Type = Keccak256.Hash(
        "Order(address rollup,bytes32 batchId,address operator,uint256 maxWei,uint256 deadline)"u8
    );

    /// <summary>The message that the poster signs.</summary>
    /// <param name="escrow">The domain of the escrow contract.</param>
    public Bytes32 Digest(ContractDomain escrow) =>
        escrow.Digest(
            new StructEncoder(Type, 5).Add(Rollup).Add(Batch.Value).Add(Operator).Add(MaxWei).Add(Deadline).Hash()
        );
}

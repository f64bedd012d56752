using Meeda.Chain.Contract;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Bounties;

/// <summary>A bounty on a blob that this operator keeps.</summary>
/// <param name="Bounty">The bounty.</param>
/// <param name="Batch">The batch that contains the blob.</param>
/// <param name="Index">The blob's index in it.</param>
internal sealed record HeldBounty(StandingBounty Bounty, BatchId Batch, int Index);

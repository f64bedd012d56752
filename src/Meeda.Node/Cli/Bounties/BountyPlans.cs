using System.Globalization;
using System.Numerics;
using Meeda.Chain.Bounties;
using Meeda.Chain.Contract;
using Meeda.Chain.Payments;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Cli.Bounties;

/// <summary>The transactions of a funder's commands, made from what L1 says now. Nothing is sent here.</summary>
/// <param name="client">L1.</param>
/// <param name="contract">The bounties.</param>
/// <param name="funder">Who sends them.</param>
internal sealed class BountyPlans(EthereumClient client, BountyContract contract, Address funder)
{
    // What a person reads and confirms has no fractions of a gwei.
    private static readonly BigInteger Gwei = 1_000_000_000;

    /// <summary>Puts a bounty on each blob of a batch that has not as much on it already.</summary>
    /// <param name="batch">The batch's blobs.</param>
    /// <param name="amount">The ether on each, in wei; null for what carrying it costs now and the margin.</param>
    /// <param name="marginPercent">That margin.</param>
    /// <param name="blocks">Blocks without a refund.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<IReadOnlyList<PlannedTransaction>> FundAsync(
        BatchBlobs batch,
        BigInteger? amount,
        int marginPercent,
        uint blocks,
        CancellationToken cancellationToken
    )
    {
        BigInteger cost = (await CarryingPrice.ReadAsync(client, cancellationToken)).Of(blobs: 1, bounties: 1);
        BigInteger each = amount ?? (CarryingPrice.WithMargin(cost, marginPercent) + Gwei - 1) / Gwei * Gwei;
        ulong until = await client.GetBlockNumberAsync(cancellationToken) + blocks;
        // What archives do not find by the batch, or may be taken back sooner, is no reason to put up nothing.
        ILookup<Bytes32, BigInteger> standing = (await ReadAllAsync(contract, cancellationToken))
            .Where(bounty => bounty.About == batch.Id.Value && bounty.RefundableFrom >= until)
            .ToLookup(bounty => bounty.VersionedHash, bounty => bounty.Amount);
        return
        [
            .. batch
                .VersionedHashes()
                .Distinct()
                .Where(hash => Sum(standing[hash]) < each)
                .Chunk(BountyContract.MostAtOnce)
                .Select(hashes => new PlannedTransaction(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"put {EtherAmount.Show(each)} on each of {hashes.Length} blobs of batch {batch.Id}, which "
                            + $"you can take back after {blocks} blocks if nobody carries them; to carry one costs "
                            + $"{EtherAmount.About(cost)} now"
                    ),
                    contract.Fund(hashes, each, blocks, batch.Id.Value)
                )),
        ];
    }

    /// <summary>Takes the funder's bounties back whose life is over.</summary>
    /// <param name="batch">Those of this batch alone; null for all.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="SetupException">There are some, and the life of none is over.</exception>
    public async Task<IReadOnlyList<PlannedTransaction>> RefundAsync(
        BatchId? batch,
        CancellationToken cancellationToken
    )
    {
        StandingBounty[] own =
        [
            .. (await ReadAllAsync(contract, cancellationToken)).Where(bounty =>
                bounty.Funder == funder && (batch is null || bounty.About == batch.Value.Value)
            ),
        ];
        ulong next = await client.GetBlockNumberAsync(cancellationToken) + 1;
        StandingBounty[] free = [.. own.Where(bounty => bounty.RefundableFrom <= next)];
        return own.Length > 0 && free.Length == 0
            ? throw new SetupException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"refund: the first of {own.Length} bounties is free from block "
                        + $"{own.Min(bounty => bounty.RefundableFrom)} on; L1 is at block {next - 1}"
                )
            )
            :
            [
                .. free.Chunk(BountyContract.MostAtOnce)
                    .Select(some => new PlannedTransaction(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"take back {EtherAmount.Show(Sum(some.Select(bounty => bounty.Amount)))} of {some.Length} "
                                + $"bounties that nobody was paid"
                        ),
                        contract.Refund(some.Select(bounty => bounty.Id))
                    )),
            ];
    }

    /// <summary>All bounties that stand.</summary>
    public static async Task<IReadOnlyList<StandingBounty>> ReadAllAsync(
        BountyContract contract,
        CancellationToken cancellationToken
    )
    {
        const int PageLength = 200;
        var all = new List<StandingBounty>();
        ulong count = await contract.CountAsync(BlockTag.Latest, cancellationToken);
        for (ulong first = 0; first < count; first += PageLength)
        {
            all.AddRange(await contract.ReadAsync(first, PageLength, cancellationToken));
        }

        return all;
    }

    private static BigInteger Sum(IEnumerable<BigInteger> amounts) =>
        amounts.Aggregate(BigInteger.Zero, (sum, each) => sum + each);
}

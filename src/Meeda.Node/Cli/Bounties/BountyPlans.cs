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

/// <summary>Plans the transactions of a funder's commands from L1's current state. Sends nothing.</summary>
/// <param name="client">L1.</param>
/// <param name="contract">The bounty contract.</param>
/// <param name="funder">The sender.</param>
internal sealed class BountyPlans(EthereumClient client, BountyContract contract, Address funder)
{
    // Amounts that a person confirms are whole gwei.
    private static readonly BigInteger Gwei = 1_000_000_000;

    /// <summary>Puts a bounty on each blob of a batch that does not already have as much.</summary>
    /// <param name="batch">The batch's blobs.</param>
    /// <param name="amount">
    /// The amount for each blob, in wei; null for the current cost of publishing it plus the margin.
    /// </param>
    /// <param name="marginPercent">That margin.</param>
    /// <param name="blocks">Blocks without a refund.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
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
        // Bounties that do not name the batch, which archives cannot find, and those that can be withdrawn sooner do
        // not count.
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
                            + $"you can withdraw after {blocks} blocks if they are not published; publishing one costs "
                            + $"{EtherAmount.About(cost)} now"
                    ),
                    contract.Fund(hashes, each, blocks, batch.Id.Value)
                )),
        ];
    }

    /// <summary>Withdraws the funder's bounties that have expired.</summary>
    /// <param name="batch">Limits it to this batch; null for all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SetupException">There are bounties, but none has expired.</exception>
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
                    $"refund: the first of {own.Length} bounties can be withdrawn from block "
                        + $"{own.Min(bounty => bounty.RefundableFrom)} on; L1 is at block {next - 1}"
                )
            )
            :
            [
                .. free.Chunk(BountyContract.MostAtOnce)
                    .Select(some => new PlannedTransaction(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"withdraw {EtherAmount.Show(Sum(some.Select(bounty => bounty.Amount)))} of {some.Length} "
                                + $"unclaimed bounties"
                        ),
                        contract.Refund(some.Select(bounty => bounty.Id))
                    )),
            ];
    }

    /// <summary>All open bounties.</summary>
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

using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Meeda.Chain.Bounties;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.Node.Cli.Bounties;

/// <summary>What <c>bounty show --json</c> prints. Amounts are wei, decimal.</summary>
/// <param name="BatchId">The batch.</param>
/// <param name="Contract">The bounty contract.</param>
/// <param name="BlobCost">The current cost of publishing one blob and claiming one bounty.</param>
/// <param name="Blobs">The batch's blobs in order.</param>
internal sealed record BountyOutput(
    string BatchId,
    string Contract,
    string BlobCost,
    IReadOnlyList<BountyOutput.BlobLine> Blobs
)
{
    /// <summary>Reads the bounties from L1.</summary>
    public static async Task<BountyOutput> ReadAsync(
        EthereumClient client,
        BountyContract contract,
        BatchBlobs batch,
        CancellationToken cancellationToken
    )
    {
        ILookup<Bytes32, StandingBounty> standing = (
            await BountyPlans.ReadAllAsync(contract, cancellationToken)
        ).ToLookup(bounty => bounty.VersionedHash);
        CarryingPrice price = await CarryingPrice.ReadAsync(client, cancellationToken);
        return new BountyOutput(
            $"{batch.Id}",
            $"{contract.Address}",
            $"{price.Of(blobs: 1, bounties: 1)}",
            [
                .. batch
                    .VersionedHashes()
                    .Select(hash => new BlobLine($"{hash}", [.. standing[hash].Select(BountyLine.Of)])),
            ]
        );
    }

    /// <summary>Prints it.</summary>
    public void Print(bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(this, CliJson.Default.BountyOutput));
            return;
        }

        Console.WriteLine($"batch {BatchId}");
        Console.WriteLine($"publishing a blob costs {EtherAmount.About(Wei(BlobCost))} now");
        foreach ((int index, BlobLine blob) in Blobs.Index())
        {
            Console.WriteLine($"{index, 6} {blob.VersionedHash}{(blob.Bounties.Count == 0 ? " none" : "")}");
            foreach (BountyLine bounty in blob.Bounties)
            {
                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"       bounty {bounty.Id}: {EtherAmount.Show(Wei(bounty.Amount))} by {bounty.Funder}, who "
                            + $"can withdraw it from block {bounty.RefundableFrom} on"
                    )
                );
            }
        }
    }

    private static BigInteger Wei(string wei) => BigInteger.Parse(wei, CultureInfo.InvariantCulture);

    /// <summary>A blob with its open bounties.</summary>
    /// <param name="VersionedHash">Its versioned hash.</param>
    /// <param name="Bounties">The bounties.</param>
    internal sealed record BlobLine(string VersionedHash, IReadOnlyList<BountyLine> Bounties);

    /// <summary>A bounty.</summary>
    /// <param name="Id">Its number in the contract.</param>
    /// <param name="Amount">Its amount.</param>
    /// <param name="Funder">The account that funded it.</param>
    /// <param name="RefundableFrom">The first block in which the funder can withdraw it.</param>
    internal sealed record BountyLine(ulong Id, string Amount, string Funder, ulong RefundableFrom)
    {
        /// <summary>The line of a bounty.</summary>
        public static BountyLine Of(StandingBounty bounty) =>
            new(bounty.Id, $"{bounty.Amount}", $"{bounty.Funder}", bounty.RefundableFrom);
    }
}

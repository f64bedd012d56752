using System.Numerics;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Transactions;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Cli.Escrow;

/// <summary>What <c>escrow show --json</c> prints. Amounts are wei, decimal.</summary>
/// <param name="Rollup">The rollup.</param>
/// <param name="Operator">The operator's account.</param>
/// <param name="Balance">What is prepaid and not charged.</param>
/// <param name="Credit">What the escrow owes the rollup, to be paid out.</param>
/// <param name="Price">The operator's price, for each byte and block.</param>
/// <param name="MaxPrice">The highest price that the rollup accepts.</param>
/// <param name="MaxPerEpoch">The most that the anchors of one epoch may charge without signed orders.</param>
/// <param name="Poster">Who signs the rollup's orders.</param>
/// <param name="BlobCost">What one full blob costs for a retention at that price.</param>
/// <param name="Blobs">How many full blobs the balance pays for; null where the price is 0.</param>
internal sealed record EscrowOutput(
    string Rollup,
    string Operator,
    string Balance,
    string Credit,
    string Price,
    string MaxPrice,
    string MaxPerEpoch,
    string Poster,
    string BlobCost,
    string? Blobs
)
{
    /// <summary>Asks the contract.</summary>
    public static async Task<EscrowOutput> ReadAsync(
        SystemContract system,
        Address rollup,
        Address account,
        CancellationToken cancellationToken
    )
    {
        EscrowContract escrow = system.Escrow;
        EscrowLimits limits = await escrow.LimitsAsync(rollup, account, cancellationToken);
        BigInteger price = await escrow.PriceAsync(account, cancellationToken);
        BigInteger balance = await escrow.BalanceAsync(rollup, account, cancellationToken);
        BigInteger cost =
            price * BlobEncoding.DataBytesPerBlob * (await system.ParametersAsync(cancellationToken)).Retention;
        return new EscrowOutput(
            $"{rollup}",
            $"{account}",
            $"{balance}",
            $"{await escrow.CreditAsync(rollup, cancellationToken)}",
            $"{price}",
            $"{limits.MaxPrice}",
            $"{limits.MaxWeiPerEpoch}",
            $"{await escrow.PosterAsync(rollup, cancellationToken)}",
            $"{cost}",
            cost.IsZero ? null : $"{balance / cost}"
        );
    }

    /// <summary>Prints it.</summary>
    public void Print(bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(this, CliJson.Default.EscrowOutput));
            return;
        }

        Line("rollup", Rollup);
        Line("operator", Operator);
        Line("balance", Ether(Balance) + (Blobs is null ? "" : $", enough for {Blobs} full blobs"));
        Line("owed", $"{Ether(Credit)} by refunds and withdrawals");
        Line("price", $"{Price} wei for each byte and block, {Ether(BlobCost)} for a full blob");
        Line("max price", $"{MaxPrice} wei for each byte and block");
        Line("an epoch", $"at most {Ether(MaxPerEpoch)} without signed orders");
        Line("poster", Poster);
        if (Wei(Price) > Wei(MaxPrice))
        {
            Line("problem", "the price is above what the rollup accepts: nothing is charged, and puts are refused");
        }
    }

    private static BigInteger Wei(string wei) =>
        BigInteger.Parse(wei, System.Globalization.CultureInfo.InvariantCulture);

    private static string Ether(string wei) => EtherAmount.Show(Wei(wei));

    private static void Line(string name, string value) => Console.WriteLine($"{name, -12} {value}");
}

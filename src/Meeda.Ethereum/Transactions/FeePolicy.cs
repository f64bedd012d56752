using System.Numerics;
using Meeda.Ethereum.JsonRpc;

namespace Meeda.Ethereum.Transactions;

/// <summary>What transactions offer (EIP-1559, EIP-4844), within the limits of the options.</summary>
internal sealed class FeePolicy(EthereumClient client, TransactionSenderOptions options)
{
    /// <summary>What a transaction that is sent now should offer.</summary>
    public async Task<Fees> CurrentAsync(bool hasBlobs, CancellationToken cancellationToken)
    {
        BigInteger tip = BigInteger.Clamp(await client.GetMaxPriorityFeePerGasAsync(cancellationToken), options.MinTip, BigInteger.Max(options.MinTip, options.MaxTip));
        Block head = await client.GetBlockAsync(BlockTag.Latest, cancellationToken) ?? throw new L1UnreachableException("the node has no newest block");

        // The base fee rises by at most an eighth a block: twice of it holds for five full blocks.
        BigInteger most = BigInteger.Min((2 * head.BaseFeePerGas) + tip, options.MaxFeePerGas);

        // The price of blobs rises by at most an eighth a block too (EIP-4844).
        BigInteger blob = hasBlobs ? BigInteger.Min(2 * await client.GetBlobBaseFeeAsync(cancellationToken), options.MaxFeePerBlobGas) : BigInteger.Zero;
        return new Fees(BigInteger.Min(tip, most), most, blob);
    }

    /// <summary>
    /// What a transaction should offer that takes the place of another: as much more as nodes ask for and the options say, or what one would offer now where that is more.
    /// Null where the limits do not leave room for the least that nodes take.
    /// </summary>
    public async Task<Fees?> RaiseAsync(PreparedTransaction last, CancellationToken cancellationToken)
    {
        bool hasBlobs = last.Request.Blobs is not null;
        int least = hasBlobs ? TransactionSenderOptions.LeastBlobFeeBumpPercent : TransactionSenderOptions.LeastFeeBumpPercent;
        int bump = Math.Max(least, options.FeeBumpPercent);
        Fees now = await CurrentAsync(hasBlobs, cancellationToken);
        BigInteger most = BigInteger.Min(options.MaxFeePerGas, BigInteger.Max(now.MaxPerGas, Raised(last.Fees.MaxPerGas, bump)));
        BigInteger tip = BigInteger.Min(most, BigInteger.Max(now.Tip, Raised(last.Fees.Tip, bump)));
        BigInteger blob = hasBlobs ? BigInteger.Min(options.MaxFeePerBlobGas, BigInteger.Max(now.MaxPerBlobGas, Raised(last.Fees.MaxPerBlobGas, bump))) : BigInteger.Zero;
        bool isEnough = most >= Raised(last.Fees.MaxPerGas, least) && tip >= Raised(last.Fees.Tip, least) && (!hasBlobs || blob >= Raised(last.Fees.MaxPerBlobGas, least));
        return isEnough ? new Fees(tip, most, blob) : null;
    }

    /// <summary>A fee and so many percent of it, rounded up: <c>fee + ⌈fee · percent / 100⌉</c>, at least one wei more.</summary>
    private static BigInteger Raised(BigInteger fee, int percent) => fee + BigInteger.Max(1, ((fee * percent) + 99) / 100);
}

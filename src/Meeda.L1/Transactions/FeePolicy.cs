using System.Numerics;
using Meeda.L1.Rpc;

namespace Meeda.L1.Transactions;

/// <summary>Chooses the fees of transactions (EIP-1559, EIP-4844), within the limits of the options.</summary>
internal sealed class FeePolicy(EthereumClient client, TransactionSenderOptions options)
{
    // Cancun's BLOB_BASE_FEE_UPDATE_FRACTION (EIP-4844): later forks only raised it, which lowers prices, so a price
    // computed with this value is never too low.
    private const ulong LeastUpdateFraction = 3_338_477;

    // e^64 wei is more than all ether, so this bounds the loop below whatever a header claims.
    private const ulong MostUpdateFractions = 64;

    private static readonly BigInteger UsualTip = 1_000_000_000;

    /// <summary>The fees of a new transaction.</summary>
    /// <exception cref="BlobFeeException">
    /// It carries blobs, and the next block's blob base fee may exceed the limit: it would only block other
    /// transactions.
    /// </exception>
    /// <exception cref="FeeLimitException">The same for gas, if the request has its own limit.</exception>
    public async Task<Fees> FirstAsync(TransactionRequest request, CancellationToken cancellationToken)
    {
        Fees fees = await CurrentAsync(request, request.HasDeadline, cancellationToken);
        if (request.FeeLimit is not null && fees.BaseFee * 9 / 8 > fees.MaxPerGas)
        {
            throw new FeeLimitException(fees.BaseFee, fees.MaxPerGas);
        }

        BigInteger price = fees.BlobPrice * 9 / 8;
        return request.Blobs is null || price <= fees.MaxPerBlobGas
            ? fees
            : throw new BlobFeeException(fees.BlobPrice, fees.MaxPerBlobGas);
    }

    private async Task<Fees> CurrentAsync(
        TransactionRequest request,
        bool isUrgent,
        CancellationToken cancellationToken
    )
    {
        BigInteger tip = BigInteger.Clamp(
            await client.GetMaxPriorityFeePerGasAsync(cancellationToken) ?? UsualTip,
            options.MinTip,
            BigInteger.Max(options.MinTip, options.MaxTip)
        );
        Block head =
            await client.GetBlockAsync(BlockTag.Latest, cancellationToken)
            ?? throw new L1UnreachableException("the node has no newest block");

        // The base fee rises by at most an eighth per block: twice the fee suffices for five full blocks.
        BigInteger most = BigInteger.Min((2 * head.BaseFeePerGas) + tip, MostPerGas(request, isUrgent));

        // The blob base fee also rises by at most an eighth per block (EIP-4844): twice the fee suffices for five full
        // blocks, four times for eleven.
        BigInteger price = request.Blobs is not null
            ? await BlobBaseFeeAsync(head, cancellationToken)
            : BigInteger.Zero;
        BigInteger blob = BigInteger.Min((isUrgent ? 4 : 2) * price, MostPerBlobGas(request, isUrgent));
        return new Fees(BigInteger.Min(tip, most), most, blob) { BaseFee = head.BaseFeePerGas, BlobPrice = price };
    }

    /// <summary>
    /// The fees of a replacement transaction: raised by what nodes require and the options say, or those of a new
    /// transaction if they are higher. Null if the limits are below the minimum that nodes accept.
    /// </summary>
    /// <param name="last">The pending transaction.</param>
    /// <param name="isUrgent">Whether a deadline is at stake.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    public async Task<Fees?> RaiseAsync(PreparedTransaction last, bool isUrgent, CancellationToken cancellationToken)
    {
        bool hasBlobs = last.Request.Blobs is not null;
        int least = hasBlobs
            ? TransactionSenderOptions.LeastBlobFeeBumpPercent
            : TransactionSenderOptions.LeastFeeBumpPercent;
        int bump = Math.Max(least, options.FeeBumpPercent);
        Fees now = await CurrentAsync(last.Request, isUrgent, cancellationToken);
        BigInteger most = BigInteger.Min(
            MostPerGas(last.Request, isUrgent),
            BigInteger.Max(now.MaxPerGas, Raised(last.Fees.MaxPerGas, bump))
        );
        BigInteger tip = BigInteger.Min(most, BigInteger.Max(now.Tip, Raised(last.Fees.Tip, bump)));
        BigInteger blob = hasBlobs
            ? BigInteger.Min(
                MostPerBlobGas(last.Request, isUrgent),
                BigInteger.Max(now.MaxPerBlobGas, Raised(last.Fees.MaxPerBlobGas, bump))
            )
            : BigInteger.Zero;
        bool isEnough =
            most >= Raised(last.Fees.MaxPerGas, least)
            && tip >= Raised(last.Fees.Tip, least)
            && (!hasBlobs || blob >= Raised(last.Fees.MaxPerBlobGas, least));
        return isEnough ? new Fees(tip, most, blob) : null;
    }

    // A request's own limit no longer applies if requests with a deadline wait behind it.
    private BigInteger MostPerGas(TransactionRequest request, bool isUrgent) =>
        isUrgent || request.FeeLimit is not { } limit
            ? options.MaxFeePerGas
            : BigInteger.Min(options.MaxFeePerGas, limit.PerGas);

    private BigInteger MostPerBlobGas(TransactionRequest request, bool isUrgent) =>
        isUrgent ? BigInteger.Max(options.MaxUrgentFeePerBlobGas, options.MaxFeePerBlobGas)
        : request.FeeLimit is { } limit ? BigInteger.Min(options.MaxFeePerBlobGas, limit.PerBlobGas)
        : options.MaxFeePerBlobGas;

    /// <summary>
    /// A fee raised by a percentage, rounded up: <c>fee + ⌈fee · percent / 100⌉</c>, at least one wei more.
    /// </summary>
    private static BigInteger Raised(BigInteger fee, int percent) =>
        fee + BigInteger.Max(1, ((fee * percent) + 99) / 100);

    /// <summary>The blob base fee, in wei per blob gas: the node's, or the maximum according to the header.</summary>
    private async Task<BigInteger> BlobBaseFeeAsync(Block head, CancellationToken cancellationToken) =>
        await client.GetBlobBaseFeeAsync(cancellationToken)
        ?? FakeExponential(Math.Min(head.ExcessBlobGas ?? 0, MostUpdateFractions * LeastUpdateFraction));

    /// <summary><c>fake_exponential(1, excess, fraction)</c> (EIP-4844): e^(excess / fraction), rounded down.</summary>
    private static BigInteger FakeExponential(ulong excess)
    {
        BigInteger sum = 0;
        BigInteger term = LeastUpdateFraction;
        for (int i = 1; term > 0; i++)
        {
            sum += term;
            term = term * excess / ((BigInteger)LeastUpdateFraction * i);
        }

        return sum / LeastUpdateFraction;
    }
}

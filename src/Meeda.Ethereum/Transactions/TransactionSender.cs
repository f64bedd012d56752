using System.Numerics;
using Meeda.Ethereum.JsonRpc;
using Meeda.Ethereum.Signing;

namespace Meeda.Ethereum.Transactions;

/// <summary>
/// Sends an account's transactions, one after the other. It owns the account's nonces: nothing else may send from it meanwhile. A nonce is taken from
/// the node, held until a block holds one of the transactions signed for it, and never used for two different requests; fees are raised while no block
/// takes it, a transaction that the mempool lost is handed in again, and one that a reorganisation undid too.
/// </summary>
/// <param name="client">The node.</param>
/// <param name="signer">The account.</param>
/// <param name="options">How to send.</param>
/// <param name="time">The clock of all waiting; the system's where it is absent.</param>
public sealed class TransactionSender(EthereumClient client, PrivateKeySigner signer, TransactionSenderOptions options, TimeProvider? time = null) : IDisposable
{
    // EIP-7825: no transaction may ask for more gas.
    private const ulong TransactionGasCap = 1 << 24;

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private ulong? _chainId;

    /// <summary>The account's address.</summary>
    public Address Address => signer.Address;

    /// <summary>Sends a transaction and waits until it has <see cref="TransactionSenderOptions.Confirmations"/>.</summary>
    /// <param name="request">What it should do.</param>
    /// <param name="cancellationToken">
    /// Ends the waiting, nothing else: a transaction that was handed in may still be mined. The next call takes the nonce behind it.
    /// </param>
    /// <exception cref="JsonRpcException">The node refuses it, for example because it would revert: nothing was sent.</exception>
    /// <exception cref="L1UnreachableException">The node does not answer before anything was sent. Afterwards it is waited for.</exception>
    /// <exception cref="TransactionRevertedException">A block holds it and it reverted.</exception>
    public async Task<TransactionReceipt> SendAsync(TransactionRequest request, CancellationToken cancellationToken)
    {
        Pending pending;
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            pending = await StartAsync(request, cancellationToken);
            await WaitUntilMinedAsync(pending, depth: 0, cancellationToken);
        }
        finally
        {
            _oneAtATime.Release();
        }

        TransactionReceipt receipt = await WaitUntilMinedAsync(pending, options.Confirmations, cancellationToken);
        return receipt.Succeeded ? receipt : throw new TransactionRevertedException(receipt);
    }

    /// <inheritdoc/>
    public void Dispose() => _oneAtATime.Dispose();

    private async Task<Pending> StartAsync(TransactionRequest request, CancellationToken cancellationToken)
    {
        _chainId ??= await client.GetChainIdAsync(cancellationToken);
        ulong estimate = await client.EstimateGasAsync(Address, request, cancellationToken);
        ulong nonce = await client.GetTransactionCountAsync(Address, BlockTag.Pending, cancellationToken);
        Fees fees = await CurrentFeesAsync(cancellationToken);
        ulong gas = Math.Min(estimate + (estimate * (ulong)options.GasMarginPercent / 100), Math.Max(estimate, TransactionGasCap));
        var transaction = new FeeMarketTransaction(
            _chainId.Value, nonce, fees.Tip, fees.Most, gas, request.To, request.Value, request.Data);
        var pending = new Pending(transaction);
        pending.Add(transaction.Sign(signer));
        await client.SendRawTransactionAsync(pending.LatestSigned, cancellationToken);
        return pending;
    }

    /// <summary>Waits until a block with that many on top holds one of the transactions signed for a nonce, and sees to it that one gets there.</summary>
    private async Task<TransactionReceipt> WaitUntilMinedAsync(Pending pending, int depth, CancellationToken cancellationToken)
    {
        long sent = _time.GetTimestamp();
        while (true)
        {
            try
            {
                TransactionReceipt? receipt = await FindReceiptAsync(pending, cancellationToken);
                if (receipt is not null && (depth == 0 || await client.GetBlockNumberAsync(cancellationToken) >= receipt.BlockNumber + (ulong)depth))
                {
                    return receipt;
                }

                if (receipt is null)
                {
                    sent = await KeepAliveAsync(pending, sent, cancellationToken);
                }
            }
            catch (L1UnreachableException)
            {
                // It was handed in: whether it is mined does not depend on our asking. Go on asking.
            }

            await Task.Delay(options.PollInterval, _time, cancellationToken);
        }
    }

    private async Task<TransactionReceipt?> FindReceiptAsync(Pending pending, CancellationToken cancellationToken)
    {
        foreach (Bytes32 hash in pending.Hashes)
        {
            if (await client.GetTransactionReceiptAsync(hash, cancellationToken) is { } receipt)
            {
                return receipt;
            }
        }

        return null;
    }

    /// <summary>Hands a transaction in again that the mempool does not know any more, with higher fees once it has waited long enough.</summary>
    private async Task<long> KeepAliveAsync(Pending pending, long sent, CancellationToken cancellationToken)
    {
        bool waitedLong = _time.GetElapsedTime(sent) >= options.ResendAfter;
        bool lost = await client.GetTransactionAsync(pending.LatestHash, cancellationToken) is null;
        if (!waitedLong && !lost)
        {
            return sent;
        }

        if (waitedLong)
        {
            await RaiseFeesAsync(pending, cancellationToken);
        }

        try
        {
            await client.SendRawTransactionAsync(pending.LatestSigned, cancellationToken);
        }
        catch (JsonRpcException refusal)
        {
            await ThrowIfNonceIsGoneAsync(pending, refusal, cancellationToken);

            // Known already, or not dear enough yet: the next round raises the fees further.
        }

        return _time.GetTimestamp();
    }

    private async Task RaiseFeesAsync(Pending pending, CancellationToken cancellationToken)
    {
        Fees now = await CurrentFeesAsync(cancellationToken);
        FeeMarketTransaction last = pending.Latest;
        BigInteger tip = BigInteger.Max(now.Tip, Raised(last.MaxPriorityFeePerGas));
        BigInteger most = BigInteger.Max(now.Most, Raised(last.MaxFeePerGas));
        if (most <= options.MaxFeePerGas)
        {
            FeeMarketTransaction raised = last with { MaxPriorityFeePerGas = BigInteger.Min(tip, most), MaxFeePerGas = most };
            pending.Latest = raised;
            pending.Add(raised.Sign(signer));
        }
    }

    private BigInteger Raised(BigInteger fee) => fee + BigInteger.Max(1, fee * options.FeeBumpPercent / 100);

    /// <summary>The nonce was used, and by none of ours that a receipt is known for: then something else sends from this account, which must not be hidden.</summary>
    private async Task ThrowIfNonceIsGoneAsync(Pending pending, JsonRpcException refusal, CancellationToken cancellationToken)
    {
        ulong next = await client.GetTransactionCountAsync(Address, BlockTag.Latest, cancellationToken);
        if (next > pending.Latest.Nonce && await FindReceiptAsync(pending, cancellationToken) is null)
        {
            throw new InvalidOperationException(
                $"nonce {pending.Latest.Nonce} of {Address} was used by a transaction of somebody else; an account must be used by one sender only", refusal);
        }
    }

    private async Task<Fees> CurrentFeesAsync(CancellationToken cancellationToken)
    {
        BigInteger tip = await client.GetMaxPriorityFeePerGasAsync(cancellationToken);
        Block head = await client.GetBlockAsync(BlockTag.Latest, cancellationToken) ?? throw new L1UnreachableException("the node has no newest block");

        // The base fee rises by at most an eighth a block: twice of it holds for five full blocks.
        BigInteger most = BigInteger.Min((2 * head.BaseFeePerGas) + tip, options.MaxFeePerGas);
        return new Fees(BigInteger.Min(tip, most), most);
    }

    private readonly record struct Fees(BigInteger Tip, BigInteger Most);

    /// <summary>Every transaction that was signed for one nonce; a block may hold any one of them.</summary>
    private sealed class Pending(FeeMarketTransaction first)
    {
        private readonly List<Bytes32> _hashes = [];

        public FeeMarketTransaction Latest { get; set; } = first;

        public byte[] LatestSigned { get; private set; } = [];

        public Bytes32 LatestHash => _hashes[^1];

        public IEnumerable<Bytes32> Hashes => Enumerable.Reverse(_hashes);

        public void Add(byte[] signed)
        {
            LatestSigned = signed;
            _hashes.Add(Keccak256.Hash(signed));
        }
    }
}

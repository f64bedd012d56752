using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Xunit;

namespace Meeda.L1.Tests.Transactions;

/// <summary>
/// Requests with a deadline while a blob transaction of the same account is not mined; and endpoints that reject
/// transactions or lack methods.
/// </summary>
public sealed class DeadlineTests : IDisposable
{
    private const long Gwei = 1_000_000_000;
    private static readonly Address To = Address.Parse("0x00000000000000000000000000000000000b0b00");
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly byte[] Infinity = [0xc0, .. new byte[47]];
    private static readonly BlobSidecar Zero = new(
        [new byte[BlobSidecar.BlobLength]],
        [Infinity],
        [.. Enumerable.Repeat(Infinity, BlobSidecar.CellsPerBlob)]
    );
    private static readonly TransactionRequest Blobs = new(To, [], 0, Zero);
    private static readonly TransactionRequest Proof = new(To, [1]) { HasDeadline = true };

    private static readonly TransactionSenderOptions Options = new()
    {
        Confirmations = 0,
        PollInterval = TimeSpan.FromMilliseconds(1),
        ResendAfter = TimeSpan.FromMilliseconds(20),
        MaxFeePerBlobGas = 10 * Gwei,
        MaxUrgentFeePerBlobGas = 1_000 * Gwei,
    };

    private readonly FakePool _pool = new();
    private readonly List<TransactionSender> _senders = [];

    public void Dispose() => _senders.ForEach(sender => sender.Dispose());

    [Fact]
    public async Task Send_WithADeadlineBehindABlobTransactionThatNoBlockTakes_PaysItsWayOut()
    {
        var kinds = new System.Collections.Concurrent.ConcurrentBag<TransactionEventKind>();
        TransactionSender sender = Sender(Options with { Observer = happened => kinds.Add(happened.Kind) });
        (Task<TransactionReceipt> blobs, _) = await StuckAsync(sender);
        await sender.SendAsync(Proof, None);
        await blobs;
        Assert.Equal(2, _pool.Mined.Count);
        Assert.InRange(
            Assert.IsType<BlobTransaction>(_pool.Mined[0]).MaxFeePerBlobGas,
            _pool.BlobBaseFee,
            Options.MaxUrgentFeePerBlobGas
        );
        Assert.Contains(TransactionEventKind.InTheWay, kinds);
    }

    /// <summary>The sender is gone: its process was killed, or its call cancelled.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Send_WithADeadlineBehindWhatAnEarlierProcessOrACancelledCallLeft_PaysItsWayOut(
        bool isRestart,
        bool withBlobs
    )
    {
        var journal = new MemoryJournal();
        TransactionSender sender = Sender(Options, journal);
        (Task<TransactionReceipt> blobs, CancellationTokenSource stop) = await StuckAsync(sender);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blobs);
        await (isRestart ? Sender(Options, journal) : sender).SendAsync(
            withBlobs ? Blobs with { Data = [3], HasDeadline = true } : Proof,
            None
        );
        Assert.Equal(2, _pool.Mined.Count);
    }

    /// <summary>What waits behind a publication blocks no other request.</summary>
    [Fact]
    public async Task Send_BlobsBehindAPublicationThatNoBlockTakes_PayNoMoreThanTheirLimit()
    {
        TransactionSender sender = Sender(Options);
        _ = await StuckAsync(sender, Blobs with { Data = [3], HasDeadline = true }, atGwei: 2_000);
        _pool.Override = (method, _) => method == "eth_blobBaseFee" ? $"0x{Gwei:x}" : null;
        Task<TransactionReceipt> behind = sender.SendAsync(Blobs, None);
        await Patience.UntilAsync(() => _pool.Waiting == 2, TimeSpan.FromSeconds(60));
        int looks = _pool.Rpc.Calls.Count;
        await Patience.UntilAsync(() => _pool.Rpc.Calls.Count >= looks + 500, TimeSpan.FromSeconds(60));

        UnsignedTransaction[] waiting = [.. _pool.WaitingTransactions];
        Assert.InRange(
            Assert.IsType<BlobTransaction>(waiting[0]).MaxFeePerBlobGas,
            Options.MaxFeePerBlobGas + 1,
            Options.MaxUrgentFeePerBlobGas
        );
        Assert.True(Assert.IsType<BlobTransaction>(waiting[1]).MaxFeePerBlobGas <= Options.MaxFeePerBlobGas);
        _pool.Override = (_, _) => null;
        _pool.BlobBaseFee = Gwei;
        await behind;
    }

    [Fact]
    public async Task Send_WithoutADeadlineBehindABlobTransaction_NeverPaysMoreThanTheLimit()
    {
        TransactionSender sender = Sender(Options);
        (Task<TransactionReceipt> blobs, _) = await StuckAsync(sender);
        Task<TransactionReceipt> anchor = sender.SendAsync(new TransactionRequest(To, [2]), None);
        int looks = _pool.Rpc.Calls.Count;
        await Patience.UntilAsync(() => _pool.Rpc.Calls.Count >= looks + 500, TimeSpan.FromSeconds(60));

        Assert.Empty(_pool.Mined);
        _pool.BlobBaseFee = Gwei;
        await Task.WhenAll(blobs, anchor);
        Assert.True(Assert.IsType<BlobTransaction>(_pool.Mined[0]).MaxFeePerBlobGas <= Options.MaxFeePerBlobGas);
    }

    [Fact]
    public async Task Send_BlobsThatCostMoreThanTheLimit_SendsNothing_UnlessADeadlineIsAtStake()
    {
        _pool.BlobBaseFee = 50 * Gwei;
        TransactionSender sender = Sender(Options);
        await Assert.ThrowsAsync<BlobFeeException>(() => sender.SendAsync(Blobs, None));
        Assert.DoesNotContain("eth_sendRawTransaction", _pool.Rpc.Calls);
        Assert.True((await sender.SendAsync(Blobs with { HasDeadline = true }, None)).Succeeded);
        await sender.SendAsync(Proof, None);
    }

    /// <summary>
    /// A publication whose nonce follows a blob transaction that would not be raised for its own sake.
    /// </summary>
    [Fact]
    public async Task Send_BlobsWithADeadlineBehindABlobTransactionThatNoBlockTakes_PaysItsWayOut()
    {
        TransactionSender sender = Sender(Options);
        (Task<TransactionReceipt> blobs, _) = await StuckAsync(sender);
        await sender.SendAsync(Blobs with { Data = [3], HasDeadline = true }, None);
        await blobs;
        Assert.Equal(2, _pool.Mined.Count);
    }

    [Fact]
    public async Task Send_WithALimitOfItsOwn_NeverPaysMore()
    {
        TransactionSender sender = Sender(Options with { MaxFeePerBlobGas = 1_000 * Gwei });
        var limit = new FeeLimit(1_000 * Gwei, 4 * Gwei);
        (Task<TransactionReceipt> blobs, _) = await StuckAsync(sender, Blobs with { FeeLimit = limit });
        int looks = _pool.Rpc.Calls.Count;
        await Patience.UntilAsync(() => _pool.Rpc.Calls.Count >= looks + 500, TimeSpan.FromSeconds(60));

        Assert.Empty(_pool.Mined);
        _pool.BlobBaseFee = Gwei;
        await blobs;
        Assert.True(Assert.IsType<BlobTransaction>(_pool.Mined[0]).MaxFeePerBlobGas <= limit.PerBlobGas);
    }

    [Fact]
    public async Task Send_WithALimitOfItsOwn_GivesWayToADeadline()
    {
        TransactionSender sender = Sender(Options);
        (Task<TransactionReceipt> blobs, _) = await StuckAsync(
            sender,
            Blobs with
            {
                FeeLimit = new FeeLimit(1_000 * Gwei, 4 * Gwei),
            }
        );
        await sender.SendAsync(Proof, None);
        await blobs;
        Assert.Equal(2, _pool.Mined.Count);
    }

    [Fact]
    public async Task Send_AboveALimitOfItsOwn_SendsNothing()
    {
        TransactionSender sender = Sender(Options);
        await Assert.ThrowsAsync<BlobFeeException>(() =>
            sender.SendAsync(Blobs with { FeeLimit = new FeeLimit(1_000 * Gwei, Gwei) }, None)
        );
        await Assert.ThrowsAsync<FeeLimitException>(() =>
            sender.SendAsync(Blobs with { FeeLimit = new FeeLimit(6, 1_000 * Gwei) }, None)
        );
        Assert.DoesNotContain("eth_sendRawTransaction", _pool.Rpc.Calls);
    }

    [Fact]
    public void Parse_ALimitOfFees_ReadsWhatWasWrittenAndNothingElse()
    {
        var limit = new FeeLimit(123, System.Numerics.BigInteger.Pow(10, 40));
        Assert.Equal(limit, FeeLimit.Parse(limit.ToString()));
        Assert.All(
            ["", "1", "1/2/3", "-1/2", "a/b"],
            text => Assert.Throws<FormatException>(() => FeeLimit.Parse(text))
        );
    }

    /// <summary>
    /// A gateway that rejects with a bare status, or with the node's message: the nonce is free again, at once and
    /// after a restart.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Send_TheNonceWasUsedByAnother_IsFoundOutHoweverTheEndpointRefuses(bool inWords)
    {
        object? first = null;
        _pool.Override = (method, parameters) =>
        {
            first = method == "eth_sendRawTransaction" ? parameters[0] : first;
            return method != "eth_sendRawTransaction"
                ? null
                : throw new L1UnreachableException("lost") { Problem = L1Problem.Connection };
        };
        var journal = new MemoryJournal();
        using var killed = new CancellationTokenSource();
        Task<TransactionReceipt> lost = Sender(Options, journal).SendAsync(Proof, killed.Token);
        await Patience.UntilAsync(() => first is not null, TimeSpan.FromSeconds(60));

        await killed.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lost);

        _pool.Foreign = 1;
        _pool.Override = (method, parameters) =>
            !inWords && method == "eth_sendRawTransaction" && Equals(parameters[0], first)
                ? throw new L1UnreachableException("eth_sendRawTransaction: the node answered with HTTP status 500")
                {
                    Problem = L1Problem.Status,
                }
                : null;
        await Sender(Options, journal).SendAsync(Proof with { Data = [3] }, None);
        Assert.Equal([3], Assert.IsType<FeeMarketTransaction>(Assert.Single(_pool.Mined)).Data);
    }

    /// <summary>A gateway's timeout is not a rejection: the node may have accepted the transaction.</summary>
    [Fact]
    public async Task Send_TheGatewayTimesOutAfterTheNodeTookIt_ArrivesOnce()
    {
        int left = 1;
        _pool.Override = (method, _) =>
            method == "eth_sendRawTransaction" && left-- > 0
                ? throw new JsonRpcException(method, -32002, "request timed out", [])
                : null;
        await Sender(Options).SendAsync(Proof, None);
        Assert.Single(_pool.Mined);
    }

    [Theory]
    [InlineData("eth_maxPriorityFeePerGas")]
    [InlineData("eth_blobBaseFee")]
    public async Task Send_AnEndpointWithoutAnOptionalMethod_PaysByWhatItHas(string missing)
    {
        _pool.BlobBaseFee = 1;
        foreach (
            object? fallback in (object?[])
                [
                    null,
                    new
                    {
                        reward = (string[][])
                            [
                                ["0x77359400"],
                                ["0x77359400"],
                            ],
                        baseFeePerBlobGas = (string[])["0x1", "0x77359400"],
                    },
                ]
        )
        {
            _pool.Override = (method, _) =>
                method == missing ? throw FakeRpcUnknown(method)
                : method == "eth_feeHistory" ? fallback
                : null;
            Assert.True((await Sender(Options).SendAsync(Blobs, None)).Succeeded);
        }

        var transaction = Assert.IsType<BlobTransaction>(_pool.Mined[^1]);
        Assert.Equal(
            missing == "eth_blobBaseFee" ? 4 * Gwei : 2 * Gwei,
            missing == "eth_blobBaseFee" ? transaction.MaxFeePerBlobGas : transaction.MaxPriorityFeePerGas
        );
    }

    [Fact]
    public async Task GetTransactionCount_OfAnEndpointWithoutPending_IsTheLatest()
    {
        _pool.Override = (method, parameters) =>
            method == "eth_getTransactionCount" && parameters[1] is "pending"
                ? throw new JsonRpcException(method, -32602, "unknown block tag", [])
                : null;
        TransactionSender sender = Sender(Options);
        await sender.SendAsync(Proof, None);
        await sender.SendAsync(Proof, None);
        Assert.Equal(2, _pool.Mined.Count);
        Assert.True(await sender.IsSettledAsync(None));
    }

    private static JsonRpcException FakeRpcUnknown(string method) => FakeRpc.Unknown(method);

    private TransactionSender Sender(TransactionSenderOptions options, ITransactionJournal? journal = null)
    {
        var sender = new TransactionSender(_pool.Client, _pool, options, journal: journal);
        _senders.Add(sender);
        return sender;
    }

    /// <summary>A pending blob transaction while the blob price has risen beyond the limit.</summary>
    private async Task<(Task<TransactionReceipt> Sending, CancellationTokenSource Stop)> StuckAsync(
        TransactionSender sender,
        TransactionRequest? request = null,
        long atGwei = 50
    )
    {
        _pool.Override = (method, _) =>
        {
            if (method == "eth_sendRawTransaction")
            {
                _pool.BlobBaseFee = atGwei * Gwei;
            }

            return null;
        };
        var stop = new CancellationTokenSource();
        Task<TransactionReceipt> sending = sender.SendAsync(request ?? Blobs, stop.Token);
        await Patience.UntilAsync(() => _pool.Waiting != 0, TimeSpan.FromSeconds(60));

        _pool.Override = (_, _) => null;
        return (sending, stop);
    }

    private sealed class MemoryJournal : ITransactionJournal
    {
        private readonly System.Collections.Concurrent.ConcurrentDictionary<ulong, JournaledTransaction> _kept = new();

        public Task<IReadOnlyList<JournaledTransaction>> ReadAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<JournaledTransaction>>([.. _kept.Values]);

        public Task WriteAsync(JournaledTransaction transaction, CancellationToken cancellationToken)
        {
            _kept[transaction.Nonce] = transaction;
            return Task.CompletedTask;
        }

        public Task RemoveAsync(ulong chainId, ulong nonce, CancellationToken cancellationToken)
        {
            _kept.TryRemove(nonce, out _);
            return Task.CompletedTask;
        }
    }
}

using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Operator.Persistence;
using Meeda.Testing;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Meeda.Node.Tests.Storage;

/// <summary>
/// A process that ends at any point while sending, and the next one on the same ledger: the request is executed once,
/// by its key.
/// </summary>
public sealed class TransactionJournalTests : IDisposable
{
    private static readonly Address To = Address.Parse("0x00000000000000000000000000000000000dead1");
    private static readonly PrivateKeySigner Key = PrivateKeySigner.FromHex(Anvil.FundedKey);
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TransactionSenderOptions Quick = new()
    {
        Confirmations = 0,
        PollInterval = TimeSpan.FromMilliseconds(20),
    };

    private readonly TemporaryFolder _folder = new();

    public enum KillPoint
    {
        /// <summary>The journal is written, nothing is sent.</summary>
        AfterTheJournal,

        /// <summary>It is sent to the node and never arrives.</summary>
        BeforeTheNode,

        /// <summary>The node has it and its answer is never read.</summary>
        AfterTheNode,

        /// <summary>It is mined, and the journal does not know.</summary>
        AfterTheBlock,
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [SkippableTheory]
    [InlineData(KillPoint.AfterTheJournal)]
    [InlineData(KillPoint.BeforeTheNode)]
    [InlineData(KillPoint.AfterTheNode)]
    [InlineData(KillPoint.AfterTheBlock)]
    public async Task Send_AgainByTheNextProcess_ArrivesOnce(KillPoint point)
    {
        await using Anvil anvil = await Anvil.StartAsync();
        await using RpcProxy proxy = RpcProxy.Start(anvil.Rpc);
        proxy.Faults = method =>
            method != "eth_sendRawTransaction"
                ? ProxyFault.None
                : point switch
                {
                    KillPoint.BeforeTheNode => ProxyFault.Hang,
                    KillPoint.AfterTheNode => ProxyFault.AcceptAndHang,
                    _ => ProxyFault.None,
                };
        using var http = new HttpClient { BaseAddress = proxy.Rpc };
        await using (Ledger ledger = await SqliteLedger.OpenAsync(_folder.Path))
        {
            var journal = new EndingJournal(new TransactionJournal(ledger, Key.Address), point);
            using var first = new TransactionSender(
                new EthereumClient(new JsonRpcClient(http)),
                Key,
                Quick,
                journal: journal
            );
            using var kill = new CancellationTokenSource();
            Task<TransactionReceipt> sending = first.SendAsync(Request(5), kill.Token);
            while (
                !sending.IsCompleted
                && !(
                    point is KillPoint.BeforeTheNode or KillPoint.AfterTheNode
                    && proxy.Calls.Contains("eth_sendRawTransaction")
                )
            )
            {
                await Task.Delay(10);
            }

            await kill.CancelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => sending);
        }

        proxy.Faults = _ => ProxyFault.None;
        await using Ledger next = await SqliteLedger.OpenAsync(_folder.Path);
        using var direct = new HttpClient { BaseAddress = anvil.Rpc };
        var client = new EthereumClient(new JsonRpcClient(direct));
        using var second = new TransactionSender(
            client,
            Key,
            Quick,
            journal: new TransactionJournal(next, Key.Address)
        );
        TransactionReceipt again = await second.SendAsync(Request(5), None);
        TransactionReceipt other = await second.SendAsync(Request(7, "another"), None);
        Assert.True(again.Succeeded && other.Succeeded);
        Assert.Equal(12, await client.GetBalanceAsync(To, BlockTag.Latest, None));
        Assert.Equal(2ul, await client.GetTransactionCountAsync(Key.Address, BlockTag.Latest, None));
    }

    /// <summary>A request's fee limit still applies after a restart.</summary>
    [Fact]
    public async Task Read_ALimitOfFees_IsTheOneThatWasWritten()
    {
        await using Ledger ledger = await SqliteLedger.OpenAsync(_folder.Path);
        var journal = new TransactionJournal(ledger, Key.Address);
        var limit = new FeeLimit(BigInteger.Pow(10, 30), 7);
        await journal.WriteAsync(Kept(0, Request(5) with { FeeLimit = limit }), None);
        await journal.WriteAsync(Kept(1, Request(5)), None);
        Assert.Equal([limit, null], (await journal.ReadAsync(None)).Select(kept => kept.Request.FeeLimit));

        static JournaledTransaction Kept(ulong nonce, TransactionRequest request) =>
            new(1, nonce, request, 1, 1, 1, 0, [1], [Keccak256.Hash([1])], IsConfirmed: false);
    }

    private static TransactionRequest Request(int wei, string key = "the one") => new(To, [], wei) { Keys = [key] };

    /// <summary>The real journal of a process that ends after a write, or before it records a confirmation.</summary>
    private sealed class EndingJournal(ITransactionJournal journal, KillPoint point) : ITransactionJournal
    {
        public Task<IReadOnlyList<JournaledTransaction>> ReadAsync(CancellationToken cancellationToken) =>
            journal.ReadAsync(cancellationToken);

        public async Task WriteAsync(JournaledTransaction transaction, CancellationToken cancellationToken)
        {
            if (point == KillPoint.AfterTheBlock && transaction.IsConfirmed)
            {
                throw new IOException("the process ends here");
            }

            await journal.WriteAsync(transaction, cancellationToken);
            if (point == KillPoint.AfterTheJournal)
            {
                throw new IOException("the process ends here");
            }
        }

        public Task RemoveAsync(ulong chainId, ulong nonce, CancellationToken cancellationToken) =>
            journal.RemoveAsync(chainId, nonce, cancellationToken);
    }
}

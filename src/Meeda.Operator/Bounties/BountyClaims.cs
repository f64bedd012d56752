using System.Numerics;
using Meeda.Chain.Bounties;
using Meeda.Chain.Contract;
using Meeda.Http;
using Meeda.Kzg.Cells;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Operator.Proofs;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Bounties;

/// <summary>
/// Publishes blobs of kept batches on L1 to claim the bounties on them, if these exceed the cost. No transaction offers
/// more in fees than its bounties pay, however fees rise, unless a publication waits behind it. If another account
/// publishes the same blob first, or the funder withdraws a bounty that has expired, the cost is lost.
/// </summary>
internal sealed class BountyClaims(
    IOptions<BountyOptions> options,
    EthereumClient client,
    BountyContract contract,
    OperatorAccount account,
    Ledger ledger,
    BlobSource blobs,
    CellProver cells,
    PublicationSender publications,
    LeaderElection leadership,
    TimeProvider time,
    ILogger<BountyClaims> logger
) : PeriodicLeaderService("Claiming bounties", options.Value.Interval, leadership, time, logger)
{
    // The delay before a failed claim is retried, so that one bounty does not hold up others.
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private readonly Dictionary<StandingBounty, DateTimeOffset> _paused = [];
    private BountyBook _book = null!; // created when this process starts to lead
    private string? _obstacle;

    /// <inheritdoc/>
    protected override string? Obstacle => _obstacle;

    /// <inheritdoc/>
    protected override Task OnLeadingAsync(CancellationToken stoppingToken)
    {
        _book = new BountyBook(client, contract, ledger); // Another operator may have led meanwhile.
        _paused.Clear();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task RunOnceAsync(CancellationToken stoppingToken)
    {
        _obstacle = await contract.StandsAsync(stoppingToken)
            ? null
            : $"there is no BlobBounty at {contract.Address} on this L1 (meeda deploy)";
        if (_obstacle is not null)
        {
            return;
        }

        await _book.ReadAsync(stoppingToken);
        while (await ChooseAsync(stoppingToken) is var (choice, price))
        {
            if (!await ClaimAsync(choice, price, stoppingToken))
            {
                return;
            }
        }
    }

    /// <summary>Chooses profitable bounties that are still open.</summary>
    private async Task<(BountyChoice Choice, CarryingPrice Price)?> ChooseAsync(CancellationToken cancellationToken)
    {
        foreach ((StandingBounty bounty, _) in _paused.Where(each => each.Value <= Time.GetUtcNow()).ToArray())
        {
            _paused.Remove(bounty);
        }

        while (true)
        {
            CarryingPrice price = await CarryingPrice.ReadAsync(client, cancellationToken);
            ulong least = await client.GetBlockNumberAsync(cancellationToken) + (ulong)options.Value.LeastBlocksLeft;
            BountyChoice? choice = BountyChoice.Best(
                _book.Held.Where(each => each.Bounty.RefundableFrom >= least && !_paused.ContainsKey(each.Bounty)),
                price,
                options.Value.MarginPercent
            );
            if (choice is null)
            {
                return null;
            }

            bool areAllStanding = true;
            foreach (HeldBounty each in choice.Bounties)
            {
                areAllStanding &= await _book.StandsAsync(each, cancellationToken);
            }

            if (areAllStanding)
            {
                return (choice, price);
            }
        }
    }

    /// <summary>Publishes the blobs of a choice.</summary>
    /// <returns>Whether others can be claimed now.</returns>
    private async Task<bool> ClaimAsync(BountyChoice choice, CarryingPrice price, CancellationToken cancellationToken)
    {
        try
        {
            BlobSidecar sidecar = await ReadBlobsAsync(choice, cancellationToken);
            TransactionReceipt receipt = await publications.SendApartAsync(
                contract.Claim(choice.Claims) with
                {
                    Blobs = sidecar,
                    Keys = [.. choice.Bounties.Select(KeyOf)],
                    FeeLimit = choice.LimitOf(price),
                },
                cancellationToken
            );
            await ReportAsync(choice, receipt, cancellationToken);
            return true;
        }
        catch (Exception failure)
            when (failure is DaException or JsonRpcException or TransactionRevertedException
                && !cancellationToken.IsCancellationRequested
            )
        {
            PauseAll(choice.Bounties);
            logger.BountiesNotClaimed(
                choice.Blobs.Count,
                EtherAmount.Show(choice.Amount),
                RevertReason.Of(failure).TrimEnd('.')
            );
            return true;
        }
        catch (Exception dear) when (dear is BlobFeeException or FeeLimitException)
        {
            // Fees rose since the choice: the next round chooses with the new ones.
            logger.BountiesNotClaimed(choice.Blobs.Count, EtherAmount.Show(choice.Amount), dear.Message);
            return false;
        }
    }

    private async Task<BlobSidecar> ReadBlobsAsync(BountyChoice choice, CancellationToken cancellationToken)
    {
        var read = new List<(byte[] Blob, byte[] Commitment)>();
        foreach (IReadOnlyList<HeldBounty> blob in choice.Blobs)
        {
            HeldBounty first = blob[0];
            read.Add(
                await ledger.FindBatchAsync(first.Batch, cancellationToken) is { DeletedAt: null } batch
                    ? await blobs.ReadAsync(batch, first.Index, cancellationToken)
                    : throw new DaException(ErrorCode.BatchExpired, $"batch: {first.Batch} is no longer kept")
            );
        }

        return await Task.Run(
            () =>
                BlobSidecars.Make(
                    [.. read.Select(each => each.Blob)],
                    [.. read.Select(each => each.Commitment)],
                    cells
                ),
            cancellationToken
        );
    }

    /// <summary>
    /// Logs what the transaction earned. Bounties that are still open were not paid to it, because another transaction
    /// was faster or L1 reorganised.
    /// </summary>
    private async Task ReportAsync(BountyChoice choice, TransactionReceipt receipt, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<ulong, BigInteger> paid = await contract.ReadPaidAsync(
            account.Publications!.Value,
            receipt.BlockNumber,
            cancellationToken
        );
        BigInteger sum = BigInteger.Zero;
        foreach (HeldBounty each in choice.Bounties.ToArray())
        {
            sum += paid.GetValueOrDefault(each.Bounty.Id);
            if (await _book.StandsAsync(each, cancellationToken))
            {
                PauseAll([each]);
            }
        }

        (string hash, string expected) = (receipt.TransactionHash.ToString(), EtherAmount.Show(choice.Amount));
        if (sum == choice.Amount)
        {
            logger.BountiesPaid(expected, choice.Blobs.Count, hash, receipt.BlockNumber);
        }
        else
        {
            logger.BountiesPaidInPart(EtherAmount.Show(sum), expected, choice.Blobs.Count, hash, receipt.BlockNumber);
        }
    }

    // A claim in flight before a restart is waited for and not sent again.
    private string KeyOf(HeldBounty each) => $"bounty:{contract.Address}:{each.Bounty.Id}:{each.Bounty.VersionedHash}";

    private void PauseAll(IEnumerable<HeldBounty> bounties)
    {
        foreach (HeldBounty each in bounties)
        {
            _paused[each.Bounty] = Time.GetUtcNow() + Pause;
        }
    }
}

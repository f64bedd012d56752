using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.L1;
using Meeda.Hosting;
using Meeda.Kzg.Cells;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Proofs;

/// <summary>
/// Answers demands: a light node that could not get a blob from this operator may demand it on L1, and it must appear
/// there as a real blob (EIP-4844) before the deadline, or the
/// stake is lost. What is open is asked of L1 at each poll, so a restart or a reorganisation changes nothing.
/// </summary>
internal sealed class BlobPublisher(
    IOptions<L1Options> options,
    EthereumClient client,
    MeedaVerifierContract contract,
    OperatorAccount account,
    BlobSource blobs,
    CellProver cells,
    PublicationSender publications,
    LeaderElection leadership,
    TimeProvider time,
    ILogger<BlobPublisher> logger
) : PeriodicLeaderService("Answering demands", options.Value.PollInterval, leadership, time, logger)
{
    // Deeper reorganisations than this were never seen on Ethereum since the merge; each poll reads so many blocks
    // again.
    private const ulong ReorganisationDepth = 64;

    // Demands that were seen and whose deadline is not over, by number.
    private readonly SortedDictionary<ulong, DemandEvent> _open = [];
    private readonly BlockRanges _ranges = new(client);
    private ulong? _next;

    /// <inheritdoc/>
    protected override async Task RunOnceAsync(CancellationToken stoppingToken)
    {
        ulong head = await client.GetBlockNumberAsync(stoppingToken);
        ulong window = await contract.PublishWindowAsync(stoppingToken) + ReorganisationDepth;
        ulong next = _next ?? (head > window ? head - window : 0);
        while (next <= head)
        {
            ulong first = next;
            ulong last = _ranges.LastFrom(first, head);
            if (
                await _ranges.TryReadAsync(
                    first,
                    last,
                    () => contract.ReadDemandsAsync(account.Address, first, last, stoppingToken),
                    stoppingToken
                )
                is not { } demands
            )
            {
                continue;
            }

            foreach (DemandEvent demand in demands)
            {
                _open[demand.Id] = demand;
            }

            next = last + 1;
        }

        _next = head > ReorganisationDepth ? head - ReorganisationDepth : 0;
        foreach (DemandEvent demand in _open.Values.ToArray())
        {
            if (
                await contract.DemandStatusAsync(demand.Id, stoppingToken) is not DemandStatus.Open
                || head >= demand.Deadline
            )
            {
                // One that comes back by a reorganisation is read again with the last blocks.
                _open.Remove(demand.Id);
                continue;
            }

            await AnswerAsync(demand, stoppingToken);
        }
    }

    private async Task AnswerAsync(DemandEvent demand, CancellationToken cancellationToken)
    {
        logger.Publishing(demand.Id, demand.Position, demand.Deadline);
        try
        {
            (byte[] blob, byte[] commitment) = await blobs.ReadAsync(demand.Position, cancellationToken);
            BlobSidecar sidecar = await Task.Run(
                () => BlobSidecars.Make([blob], [commitment], cells),
                cancellationToken
            );
            if (sidecar.VersionedHashes()[0] != demand.VersionedHash)
            {
                // The demand's block was taken back and its number given to another; the next poll reads which.
                throw new InvalidDataException("L1 reorganised while the demand was answered");
            }

            TransactionReceipt receipt = await publications.SendAsync(
                contract.Publish(demand.Id, 0) with
                {
                    Blobs = sidecar,
                    Keys = [$"publish:{contract.Address}:{demand.Id}:{demand.VersionedHash}"],
                    HasDeadline = true,
                },
                cancellationToken
            );
            logger.PublishedBlob(demand.Id, receipt.TransactionHash.ToString(), receipt.BlockNumber);
            _open.Remove(demand.Id);
        }
        catch (Exception failure) when (failure is not LeaseLostException && !cancellationToken.IsCancellationRequested)
        {
            logger.PublishingFailed(demand.Id, RevertReason.Of(failure));
        }
    }
}

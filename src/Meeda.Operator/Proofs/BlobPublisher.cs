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
/// Answers demands. A light node that could not get a blob from this operator may demand it on L1. The operator must
/// publish the blob in an EIP-4844 transaction before the deadline, or it is slashed. Each poll reads the open demands
/// from L1, so neither a restart nor a reorganisation loses one.
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
    // Ethereum has had no deeper reorganisation since the merge. Each poll reads that many blocks again.
    private const ulong ReorganisationDepth = 64;

    // Demands whose deadline is not over, by id.
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
                // A demand that a reorganisation restores is read again with the last blocks.
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
                // A reorganisation undid the demand and gave its id to another one, which the next poll reads.
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

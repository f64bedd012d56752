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
    SystemContract system,
    OperatorAccount account,
    BlobSource blobs,
    CellProver cells,
    PublicationSender publications,
    LeaderElection leadership,
    TimeProvider time,
    ILogger<BlobPublisher> logger
) : PeriodicLeaderService("Answering demands", options.Value.PollInterval, leadership, time, logger)
{
    /// <summary>The keys of publications begin with it, in journals too.</summary>
    internal const string KeyPrefix = "publish:";

    // Ethereum has had no deeper reorganisation since the merge. Each poll reads that many blocks again.
    private const ulong ReorganisationDepth = 64;

    private const int MaxBlobs = PublicationContract.MaxBlobs;

    // Demands whose deadline is not over, by id.
    private readonly SortedDictionary<ulong, DemandEvent> _open = [];
    private readonly BlockRanges _ranges = new(client);
    private ulong? _next;

    // How far back demands are read; further where L1 says that more are open.
    private ulong _lookBack;

    /// <inheritdoc/>
    protected override async Task RunOnceAsync(CancellationToken stoppingToken)
    {
        ulong head = await client.GetBlockNumberAsync(stoppingToken);
        await ReadAsync(head, stoppingToken);
        ulong open = await DropClosedAsync(head, stoppingToken);

        // In a queue a demand stays open for longer than the window.
        if (open < await system.Publication.OpenDemandsAsync(account.Address, stoppingToken) && _lookBack < head)
        {
            _lookBack *= 2;
            _next = null;
        }

        foreach (DemandEvent[] some in _open.Values.OrderBy(demand => demand.Deadline).Chunk(MaxBlobs).ToArray())
        {
            await AnswerAsync(some, stoppingToken);
        }
    }

    /// <summary>Reads the demands up to L1's head, the last blocks again.</summary>
    private async Task ReadAsync(ulong head, CancellationToken cancellationToken)
    {
        _lookBack = Math.Max(
            _lookBack,
            (await system.ParametersAsync(cancellationToken)).PublishWindow + ReorganisationDepth
        );
        ulong next = _next ?? (head > _lookBack ? head - _lookBack : 0);
        while (next <= head)
        {
            ulong first = next;
            ulong last = _ranges.LastFrom(first, head);
            if (
                await _ranges.TryReadAsync(
                    first,
                    last,
                    () => system.ReadDemandsAsync(account.Address, first, last, cancellationToken),
                    cancellationToken
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
    }

    /// <summary>Drops the demands that are closed or over.</summary>
    /// <returns>How many the contract still calls open.</returns>
    private async Task<ulong> DropClosedAsync(ulong head, CancellationToken cancellationToken)
    {
        ulong open = 0;
        foreach (DemandEvent demand in _open.Values.ToArray())
        {
            bool isOpen = await system.Publication.DemandStatusAsync(demand.Id, cancellationToken) is DemandStatus.Open;
            open += isOpen ? 1UL : 0;
            if (!isOpen || head >= demand.Deadline)
            {
                // A demand that a reorganisation restores is read again with the last blocks.
                _open.Remove(demand.Id);
            }
        }

        return open;
    }

    /// <summary>Answers demands in one transaction, but for those whose blobs cannot be read now.</summary>
    private async Task AnswerAsync(DemandEvent[] demands, CancellationToken cancellationToken)
    {
        var answered = new List<(DemandEvent Demand, byte[] Blob, byte[] Commitment)>();
        foreach (DemandEvent demand in demands)
        {
            logger.Publishing(demand.Id, demand.Position, demand.Deadline);
            try
            {
                (byte[] blob, byte[] commitment) = await blobs.ReadAsync(demand.Position, cancellationToken);
                answered.Add((demand, blob, commitment));
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                logger.PublishingFailed(demand.Id, RevertReason.Of(failure));
            }
        }

        if (answered.Count == 0)
        {
            return;
        }

        try
        {
            TransactionReceipt receipt = await SendAsync(answered, cancellationToken);
            foreach ((DemandEvent demand, _, _) in answered)
            {
                logger.PublishedBlob(demand.Id, receipt.TransactionHash.ToString(), receipt.BlockNumber);
                _open.Remove(demand.Id);
            }
        }
        catch (Exception failure) when (failure is not LeaseLostException && !cancellationToken.IsCancellationRequested)
        {
            foreach ((DemandEvent demand, _, _) in answered)
            {
                logger.PublishingFailed(demand.Id, RevertReason.Of(failure));
            }
        }
    }

    private async Task<TransactionReceipt> SendAsync(
        List<(DemandEvent Demand, byte[] Blob, byte[] Commitment)> answered,
        CancellationToken cancellationToken
    )
    {
        BlobSidecar sidecar = await Task.Run(
            () =>
                BlobSidecars.Make(
                    [.. answered.Select(each => each.Blob)],
                    [.. answered.Select(each => each.Commitment)],
                    cells
                ),
            cancellationToken
        );
        if (!sidecar.VersionedHashes().SequenceEqual(answered.Select(each => each.Demand.VersionedHash)))
        {
            // A reorganisation undid a demand and gave its id to another one, which the next poll reads.
            throw new InvalidDataException("L1 reorganised while the demands were answered");
        }

        return await publications.SendAsync(
            system.Publication.Publish(answered.Select(each => each.Demand.Id)) with
            {
                Blobs = sidecar,
                Keys =
                [
                    .. answered.Select(each =>
                        $"{KeyPrefix}{system.Address}:{each.Demand.Id}:{each.Demand.VersionedHash}"
                    ),
                ],
                HasDeadline = true,
            },
            cancellationToken
        );
    }
}

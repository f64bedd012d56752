using System.Collections.Concurrent;
using System.Diagnostics;
using Meeda.Chain.Index;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Proofs;
using Meeda.Storage.Redundancy;

namespace Meeda.Operator.Proofs;

/// <summary>The durations of the steps of a proof.</summary>
/// <param name="Look">Finding the sampled batches in the ledger.</param>
/// <param name="Read">Reading the rows and combining them, concurrently.</param>
/// <param name="Combine">The part of <paramref name="Read"/> spent on combining.</param>
/// <param name="Sum">Decoding the commitments and summing them up.</param>
/// <param name="Open">Opening the combination.</param>
internal readonly record struct ProofTimes(TimeSpan Look, TimeSpan Read, TimeSpan Combine, TimeSpan Sum, TimeSpan Open);

/// <summary>
/// Makes an epoch's proof from the stored rows: streams them into one combination and opens it once
/// (docs/protocol.md, "Proof of availability").
/// </summary>
internal sealed class ProofBuilder(Ledger ledger, RowPlacement rows, CommitmentKey key, ILogger<ProofBuilder> logger)
{
    // Rows in flight: enough to keep a disk busy, and a bound on memory.
    private const int Readers = 16;

    /// <summary>The providers with known faults, for logs; empty where there are none.</summary>
    public string Troubles => rows.Troubles;

    /// <summary>Builds a proof without verifying it: the caller must verify it before sending it.</summary>
    /// <param name="samples">The epoch's samples.</param>
    /// <param name="z">The epoch's challenge.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="InvalidDataException">A sampled row is unavailable, or the ledger is damaged.</exception>
    public Task<AvailabilityProof> BuildAsync(Sample[] samples, Fr z, CancellationToken cancellationToken) =>
        BuildAsync(samples, z, timed: null, cancellationToken);

    /// <summary>Builds a proof and reports the durations of its steps.</summary>
    /// <inheritdoc cref="BuildAsync(Sample[], Fr, CancellationToken)"/>
    internal async Task<AvailabilityProof> BuildAsync(
        Sample[] samples,
        Fr z,
        Action<ProofTimes>? timed,
        CancellationToken cancellationToken
    )
    {
        long started = Stopwatch.GetTimestamp();
        ILookup<ulong, UInt128> weights = samples.ToLookup(sample => sample.Position, sample => sample.Weight);
        IReadOnlyList<(ulong Position, AnchoredBatch Anchored, StoredBatch Stored)> blobs = await ledger.BlobsAtAsync(
            [.. weights.Select(group => group.Key).Order()],
            cancellationToken
        );
        TimeSpan look = Stopwatch.GetElapsedTime(started);

        started = Stopwatch.GetTimestamp();
        (BlobCombination combination, TimeSpan combine) = await CombineAsync(blobs, weights, cancellationToken);
        TimeSpan read = Stopwatch.GetElapsedTime(started);

        return await Task.Run(
            () =>
            {
                started = Stopwatch.GetTimestamp();
                Dictionary<ulong, G1Point> points = blobs
                    .AsParallel()
                    .WithCancellation(cancellationToken)
                    .Select(Decode)
                    .ToDictionary(pair => pair.Position, pair => pair.Point);
                G1Point[] sums = AvailabilityProof.SumCommitments(samples, position => points[position]);
                TimeSpan sum = Stopwatch.GetElapsedTime(started);
                started = Stopwatch.GetTimestamp();
                KzgProof proof = combination.Open(key, z, out Fr y);
                timed?.Invoke(new ProofTimes(look, read, combine, sum, Stopwatch.GetElapsedTime(started)));
                return new AvailabilityProof(sums, y, proof);
            },
            cancellationToken
        );
    }

    /// <summary>Repairs the corrupt rows of the sampled batches, for the next attempt.</summary>
    public async Task RepairAsync(Sample[] samples, CancellationToken cancellationToken)
    {
        foreach (
            (_, _, StoredBatch stored) in (
                await ledger.BlobsAtAsync(
                    [.. samples.Select(sample => sample.Position).Distinct().Order()],
                    cancellationToken
                )
            ).DistinctBy(blob => blob.Stored.Id)
        )
        {
            using IDisposable? claim = rows.TryClaim(stored.Id);
            if (
                claim is null
                || await ledger.FindBatchAsync(stored.Id, cancellationToken)
                    is not { PlacedAt: not null, DeletedAt: null }
            )
            {
                continue; // Another task handles the batch, or it should have no rows.
            }

            RepairReport report = await rows.RepairAsync(stored.Id, stored.Commitments, cancellationToken);
            if (report.Missing + report.Wrong > 0)
            {
                logger.RowsRepaired(stored.Id.ToString(), report.Missing, report.Wrong, report.Repaired);
            }
        }
    }

    private static (ulong Position, G1Point Point) Decode(
        (ulong Position, AnchoredBatch Anchored, StoredBatch Stored) blob
    )
    {
        // This operator computed it; the proof is verified before it is sent.
        var index = (int)(blob.Position - blob.Anchored.FirstBlob);
        return G1Point.TryDecodeKnown(
            blob.Stored.Commitments.AsSpan(index * KzgCommitment.Length, KzgCommitment.Length),
            out G1Point point
        )
            ? (blob.Position, point)
            : throw new InvalidDataException(
                $"commitment {index} of batch {blob.Anchored.Batch} is damaged in the ledger"
            );
    }

    private async Task<(BlobCombination Combination, TimeSpan Combining)> CombineAsync(
        IReadOnlyList<(ulong Position, AnchoredBatch Anchored, StoredBatch Stored)> blobs,
        ILookup<ulong, UInt128> weights,
        CancellationToken cancellationToken
    )
    {
        var combination = new BlobCombination();
        var gate = new Lock();
        var buffers = new ConcurrentBag<byte[]>();
        long combining = 0;
        await Parallel.ForEachAsync(
            blobs,
            new ParallelOptions { MaxDegreeOfParallelism = Readers, CancellationToken = cancellationToken },
            async (sampled, stop) =>
            {
                byte[] blob = buffers.TryTake(out byte[]? used) ? used : new byte[Blob.ByteLength];
                var index = (int)(sampled.Position - sampled.Anchored.FirstBlob);
                if (!await rows.ReadRowAsync(sampled.Stored.Id, index, sampled.Stored.Commitments, blob, stop))
                {
                    logger.RowsMissing(sampled.Stored.Id.ToString());
                    throw new InvalidDataException(
                        $"row {index} of batch {sampled.Stored.Id} is missing, and too few others are left"
                    );
                }

                lock (gate)
                {
                    long started = Stopwatch.GetTimestamp();
                    foreach (UInt128 weight in weights[sampled.Position])
                    {
                        combination.Add(blob, weight);
                    }

                    combining += Stopwatch.GetTimestamp() - started;
                }

                buffers.Add(blob);
            }
        );
        return (combination, Stopwatch.GetElapsedTime(0, combining));
    }
}

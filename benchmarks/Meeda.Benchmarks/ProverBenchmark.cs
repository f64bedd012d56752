using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Hosting.Persistence;
using Meeda.Kzg.Commitments;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Operator.Proofs;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Meeda.Storage.Folders;
using Meeda.Storage.Redundancy;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meeda.Benchmarks;

/// <summary>
/// An epoch's proof over 10,000 different blobs on local disk: what of its time is reading, combining, summing and
/// opening, and what memory it takes.
/// </summary>
internal static class ProverBenchmark
{
    private const int BlobCount = 10_000;
    private const int BlobsInBatch = 16;
    private const int Repetitions = 5;

    private static readonly EpochSeed Seed = new(Keccak256.Hash("benchmark"u8));

    /// <summary>Makes the store, then measures in a process of its own, whose memory is the prover's alone.</summary>
    public static async Task<int> RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("meeda-prover-").FullName;
        try
        {
            Console.WriteLine($"storing {BlobCount} blobs in {folder}");
            await FillAsync(folder);
            using Process child = Process.Start(Child.Start("prover", "--child", folder))!;
            await child.WaitForExitAsync();
            return child.ExitCode;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>
    /// Builds and verifies the proof several times; prints the table and writes it to benchmarks/results.
    /// </summary>
    public static async Task<int> RunChildAsync(string folder)
    {
        var key = new CommitmentKey(TrustedSetup.Ethereum);
        var verification = new VerificationKey(TrustedSetup.Ethereum);
        await using Ledger ledger = await OpenAsync(folder);
        var builder = new ProofBuilder(ledger, Rows(folder, key), key, NullLogger<ProofBuilder>.Instance);
        Sample[] samples = Sampler.Draw(Seed, new LiveRange(0, 0, BlobCount), BlobCount, 0);
        var runs = new List<(double Total, ProofTimes Times, double Verify)>();
        for (int i = 0; i < Repetitions; i++)
        {
            long started = Stopwatch.GetTimestamp();
            ProofTimes times = default;
            AvailabilityProof proof = await builder.BuildAsync(
                samples,
                Seed.Challenge(),
                taken => times = taken,
                CancellationToken.None
            );
            double total = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            started = Stopwatch.GetTimestamp();
            if (!proof.Verify(verification, Seed.Challenge()))
            {
                throw new InvalidOperationException("the proof does not verify");
            }

            runs.Add((total, times, Stopwatch.GetElapsedTime(started).TotalMilliseconds));
        }

        (double median, ProofTimes taken, double verify) = runs.OrderBy(run => run.Total).ElementAt(Repetitions / 2);
        double algebra = (taken.Combine + taken.Sum + taken.Open).TotalMilliseconds + verify;
        using Process self = Process.GetCurrentProcess();
        var rows = new (string Name, double Milliseconds)[]
        {
            ("ledger: find the sampled batches", taken.Look.TotalMilliseconds),
            ("read the rows, combining beside it", taken.Read.TotalMilliseconds),
            ("of that: combine", taken.Combine.TotalMilliseconds),
            ("decode and sum the commitments", taken.Sum.TotalMilliseconds),
            ("open", taken.Open.TotalMilliseconds),
            ("verify before sending", verify),
            ("whole", median + verify),
            ("of that: algebra", algebra),
        };
        string table =
            $"# An epoch's proof over {BlobCount:N0} blobs on local disk: the median of {Repetitions} runs\n\n| "
            + "part | ms |\n| --- | ---: |\n"
            + string.Concat(
                rows.Select(row =>
                    string.Create(CultureInfo.InvariantCulture, $"| {row.Name} | {row.Milliseconds:F0} |\n")
                )
            )
            + string.Create(
                CultureInfo.InvariantCulture,
                $"\nPeak memory of the process: {self.PeakWorkingSet64 / 1048576} MiB; first run "
                    + $"{runs[0].Total:F0} ms.\n"
            );
        Results.Write(
            "prover",
            table,
            JsonSerializer.Serialize(rows.ToDictionary(row => row.Name, row => Math.Round(row.Milliseconds, 1)))
        );
        return 0;
    }

    private static Task<Ledger> OpenAsync(string folder)
    {
        var database = new SqliteDatabase(Path.Combine(folder, "ledger.sqlite"));
        return Ledger.OpenAsync(database, new Lease(database, TimeSpan.FromMinutes(1)), CancellationToken.None);
    }

    private static RowPlacement Rows(string folder, CommitmentKey key) =>
        new(
            [
                .. Enumerable
                    .Range(0, 6)
                    .Select(provider => new FolderProvider(Path.Combine(folder, $"provider-{provider}"))),
            ],
            lost: 0,
            key,
            NullLogger<RowPlacement>.Instance
        );

    private static async Task FillAsync(string folder)
    {
        var key = new CommitmentKey(TrustedSetup.Ethereum);
        await using Ledger ledger = await OpenAsync(folder);
        RowPlacement rows = Rows(folder, key);
        for (int first = 0; first < BlobCount; first += BlobsInBatch)
        {
            byte[] payload = RandomNumberGenerator.GetBytes((BlobsInBatch * 4096 * 31) - 31);
            byte[] blobs = BlobEncoding.Encode(payload);
            var commitments = new byte[BlobsInBatch * KzgCommitment.Length];
            Parallel.For(
                0,
                BlobsInBatch,
                i =>
                    key.Commit(blobs.AsSpan(i * Blob.ByteLength, Blob.ByteLength))
                        .Encode(commitments.AsSpan(i * KzgCommitment.Length, KzgCommitment.Length))
            );
            BatchId id = BatchId.Compute((uint)payload.Length, commitments);
            await rows.WriteAsync(id, blobs, CancellationToken.None);
            await ledger.AddBatchAsync(
                new StoredBatch(
                    id,
                    Keccak256.Hash(payload),
                    (uint)payload.Length,
                    commitments,
                    TimeProvider.System.GetUtcNow()
                ),
                payload,
                0,
                CancellationToken.None
            );
            await ledger.MarkPlacedAsync([id], TimeProvider.System.GetUtcNow(), CancellationToken.None);
            await ledger.TrimPayloadsAsync(0, CancellationToken.None);
            var index = (uint)(first / BlobsInBatch);
            var anchor = new Anchor(index, Bytes32.Zero, (ulong)first, BlobsInBatch, index + 1, 1_000_000);
            await ledger.AdvanceAsync(
                new BlockPoint(index + 1, Bytes32.Zero),
                new ChainEvents(
                    [
                        new OperatorAnchor(
                            Address.Zero,
                            new AnchorEvent(
                                anchor,
                                Bytes32.Zero,
                                commitments,
                                [new AnchoredBatch(id, index, (ulong)first, BlobsInBatch)]
                            )
                        ),
                    ],
                    [],
                    []
                ),
                CancellationToken.None
            );
        }
    }
}

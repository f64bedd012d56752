using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Meeda.Storage;
using Meeda.Storage.Redundancy;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Xunit.Abstractions;

namespace Meeda.Node.Tests.Storage;

/// <summary>
/// Six providers, two of which at a time are killed, corrupt their rows or are slow: a random fault every ten seconds
/// for ten simulated minutes, while batches are written, read and repaired. Nothing is lost, no read is wrong, and in
/// the end every row is at its assigned provider.
/// </summary>
public sealed class ProviderChaosTests(ITestOutputHelper output)
{
    private const int Providers = 6;
    private const int Lost = 2;
    private const int Rounds = 60; // ten minutes, one round in ten seconds

    [Fact]
    [Trait("Category", "Slow")]
    public async Task TwoOfSix_KilledCorruptedOrSlowAtRandom_LoseNothingAndServeNoWrongByte()
    {
        var random = new Random(20261123);
        var key = new CommitmentKey(TrustedSetup.Ethereum);
        ChaosProvider[] providers = [.. Enumerable.Range(0, Providers).Select(i => new ChaosProvider($"chaos {i}"))];
        var placement = new RowPlacement(providers, Lost, key, NullLogger<RowPlacement>.Instance);
        var stored = new List<(BatchId Id, byte[] Blobs, byte[] Commitments)>();
        int reads = 0,
            repaired = 0,
            killed = 0,
            corrupted = 0,
            slow = 0;
        long longest = 0;
        for (int round = 0; round < Rounds; round++)
        {
            // The two of the previous round work again; their lost or damaged rows have been repaired before two others
            // fail.
            foreach (ChaosProvider provider in providers)
            {
                provider.Mend();
            }

            foreach ((BatchId id, _, byte[] commitments) in stored)
            {
                repaired += (await placement.RepairAsync(id, commitments, CancellationToken.None)).Repaired;
            }

            ChaosProvider[] struck = [.. providers.OrderBy(_ => random.Next()).Take(Lost)];
            foreach (ChaosProvider provider in struck)
            {
                switch (random.Next(3))
                {
                    case 0:
                        provider.Kill();
                        killed++;
                        break;
                    case 1:
                        provider.Corrupt(random);
                        corrupted++;
                        break;
                    default:
                        provider.SlowDown(TimeSpan.FromSeconds(30));
                        slow++;
                        break;
                }
            }

            // A slow provider accepts writes; the load continues while two have faults.
            if (round % 3 == 0 && !struck.Any(provider => provider.IsSlow))
            {
                byte[] blobs = BlobEncoding.Encode(RandomNumberGenerator.GetBytes(random.Next(1, 600_000)));
                byte[] commitments =
                [
                    .. Enumerable
                        .Range(0, blobs.Length / Blob.ByteLength)
                        .SelectMany(i => key.Commit(blobs.AsSpan(i * Blob.ByteLength, Blob.ByteLength)).ToArray()),
                ];
                BatchId id = BatchId.Compute((uint)round + 1, commitments);
                await placement.WriteAsync(id, blobs, CancellationToken.None);
                await placement.FlushAsync(CancellationToken.None);
                stored.Add((id, blobs, commitments));
            }

            foreach ((BatchId id, byte[] blobs, byte[] commitments) in stored)
            {
                long began = Stopwatch.GetTimestamp();
                byte[]? read = await placement.ReadAsync(id, commitments, CancellationToken.None);
                longest = Math.Max(longest, Stopwatch.GetTimestamp() - began);
                Assert.True(read is not null, $"round {round}: batch {id} is lost; {placement.Troubles}");
                Assert.True(read.AsSpan().SequenceEqual(blobs), $"round {round}: batch {id} was read wrong");
                reads++;
            }
        }

        foreach (ChaosProvider provider in providers)
        {
            provider.Mend();
        }

        foreach ((BatchId id, _, byte[] commitments) in stored)
        {
            await placement.RepairAsync(id, commitments, CancellationToken.None);
            Assert.Equal(0, (await placement.RepairAsync(id, commitments, CancellationToken.None)).Repaired);
        }

        output.WriteLine(
            $"{stored.Count} batches, {reads} reads, {killed} kills, {corrupted} corruptions, {slow} slow-downs, "
                + $"{repaired} rows repaired, longest read {longest * 1000 / Stopwatch.Frequency} ms"
        );
        Assert.True(killed > 0 && corrupted > 0 && slow > 0 && repaired > 0);
    }

    /// <summary>A provider in memory that fails on command.</summary>
    private sealed class ChaosProvider(string name) : IRowProvider
    {
        private readonly ConcurrentDictionary<(BatchId, int), byte[]> _rows = new();
        private bool _isDead;
        private TimeSpan _delay;

        public string Name => name;

        // Ten minutes pass in seconds here: a provider that was slow must not be skipped in later rounds.
        public ProviderLimits Limits { get; } = new(TimeSpan.FromHours(1), 4, 4);

        public bool IsSlow => _delay > TimeSpan.Zero;

        public void Mend()
        {
            _isDead = false;
            _delay = TimeSpan.Zero;
        }

        /// <summary>Loses all rows and stops answering.</summary>
        public void Kill()
        {
            _isDead = true;
            _rows.Clear();
        }

        public void Corrupt(Random random)
        {
            foreach (byte[] row in _rows.Values)
            {
                row[random.Next(row.Length)] ^= (byte)(1 << random.Next(8));
            }
        }

        public void SlowDown(TimeSpan delay) => _delay = delay;

        public Task WriteAsync(BatchId id, int row, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken)
        {
            Check();
            _rows[(id, row)] = blob.ToArray();
            return Task.CompletedTask;
        }

        public Task FlushAsync(CancellationToken cancellationToken)
        {
            Check();
            return Task.CompletedTask;
        }

        public async Task<bool> ReadAsync(BatchId id, int row, Memory<byte> blob, CancellationToken cancellationToken)
        {
            Check();
            if (_delay > TimeSpan.Zero)
            {
                await Task.Delay(_delay, cancellationToken);
            }

            if (!_rows.TryGetValue((id, row), out byte[]? found))
            {
                return false;
            }

            found.CopyTo(blob);
            return true;
        }

        public Task DeleteAsync(BatchId id, int rows, CancellationToken cancellationToken)
        {
            Check();
            for (int row = 0; row < rows; row++)
            {
                _rows.TryRemove((id, row), out _);
            }

            return Task.CompletedTask;
        }

        private void Check()
        {
            if (_isDead)
            {
                throw new IOException("dead");
            }
        }
    }
}

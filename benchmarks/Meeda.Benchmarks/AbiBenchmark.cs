using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Contracts;
using Meeda.L1.Rpc;
using Meeda.Testing.Abi;
using Nethereum.Contracts;
using Nethereum.RPC.Eth.DTOs;

namespace Meeda.Benchmarks;

/// <summary>
/// Logs of anchors to values: the reader that the product uses, Nethereum's own, and the codec that the product used
/// before (the tests' oracle now), in turns in one process.
/// </summary>
internal static class AbiBenchmark
{
    private const int Logs = 20_000;
    private const int BlobsInAnchor = 20;
    private const int Rounds = 5;

    /// <summary>Runs it and prints the figures.</summary>
    public static int Run()
    {
        EventReader<AnchoredEventData> reader = ContractArtifact.Anchors.Contract.Event<AnchoredEventData>();
        AbiEvent former = ContractAbi.Parse(ContractArtifact.Anchors.Abi).Event("Anchored");
        Log[] logs = [.. Enumerable.Range(0, Logs).Select(index => LogOf(reader.Topic, index))];
        FilterLog[] filterLogs = [.. logs.Select(FilterLogOf)];
        (string Name, Func<long> Read)[] ways =
        [
            ("EventReader", () => logs.Sum(log => reader.Read(log).Commitments.Length)),
            (
                "Nethereum's DecodeAllEvents",
                () => filterLogs.DecodeAllEvents<AnchoredEventData>().Sum(each => each.Event.Commitments.Length)
            ),
            ("the former codec", () => logs.Sum(log => former.Decode(log).Get<byte[]>("commitments").Length)),
        ];
        var best = new (double Microseconds, double Megabytes)[ways.Length];
        Array.Fill(best, (double.MaxValue, 0));
        for (int round = 0; round < Rounds; round++)
        {
            for (int way = 0; way < ways.Length; way++)
            {
                long allocated = GC.GetTotalAllocatedBytes(precise: true);
                long started = Stopwatch.GetTimestamp();
                long read = ways[way].Read();
                double each = Stopwatch.GetElapsedTime(started).TotalMicroseconds / Logs;
                double megabytes = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / 1e6;
                best[way] = each < best[way].Microseconds ? (each, megabytes) : best[way];
                if (read != (long)Logs * BlobsInAnchor * 48)
                {
                    throw new InvalidOperationException($"{ways[way].Name} read {read} bytes of commitments");
                }
            }
        }

        Console.WriteLine(
            $"{Logs:N0} logs of anchors with {BlobsInAnchor} blobs, the best of {Rounds} rounds in turns:"
        );
        for (int way = 0; way < ways.Length; way++)
        {
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {ways[way].Name, -28} {best[way].Microseconds, 8:F1} µs each, {best[way].Megabytes, 7:F0} MB in all"
                )
            );
        }

        return 0;
    }

    private static Log LogOf(Bytes32 topic, int index)
    {
        var commitments = new byte[BlobsInAnchor * 48];
        new Random(index).NextBytes(commitments);
        return new Log(
            Address.Zero,
            [topic, Word(0x1234), Word((uint)index)],
            [
                .. Word(7).ToArray(),
                .. Word((uint)index * BlobsInAnchor).ToArray(),
                .. Word(BlobsInAnchor).ToArray(),
                .. Word(1_000_000).ToArray(),
                .. Word(5 * 32).ToArray(),
                .. Word((uint)commitments.Length).ToArray(),
                .. commitments,
            ],
            (ulong)index,
            Bytes32.Zero,
            Bytes32.Zero,
            0
        );
    }

    private static FilterLog FilterLogOf(Log log) =>
        new()
        {
            Address = $"{log.Address}",
            Topics = [.. log.Topics.Select(topic => (object)$"{topic}")],
            Data = "0x" + Convert.ToHexStringLower(log.Data),
        };

    private static Bytes32 Word(BigInteger value)
    {
        byte[] digits = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return Bytes32.FromBytes([.. new byte[32 - digits.Length], .. digits]);
    }
}

using System.Diagnostics;
using System.Text.Json;
using Meeda.Ethereum;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Meeda.Testing;
using Xunit;

namespace Meeda.Protocol.Tests;

/// <summary>
/// Random cases of this implementation, checked by the contract's own libraries in a real EVM (forge).
/// </summary>
public sealed class SolidityAgreementTests
{
    private static readonly Random Random = new();

    [Trait("Category", "Slow")]
    [SkippableFact]
    public async Task Solidity_RandomAnchorsAndEpochs_Agrees()
    {
        string forge = Path.Combine(Repository.Root, "contracts", "node_modules", ".bin", "forge");
        Skip.IfNot(File.Exists(forge), "forge is not installed: run ./meeda test, which installs it");
        string folder = Path.Combine(Repository.Root, "contracts", "cache");
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, $"random-{Guid.NewGuid():N}.json");
        var cases = new
        {
            counts = new
            {
                anchors = 24,
                epochs = 60,
                headers = 0,
                orders = 0,
                consents = 0,
                certificates = 0,
            },
            anchors = Enumerable.Range(0, 24).Select(_ => Anchor(Random.Next(1, 20))).ToArray(),
            epochs = Enumerable.Range(0, 60).Select(_ => Epoch()).ToArray(),
        };
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(cases));
        try
        {
            (int exitCode, string output) = await RunAsync(forge, file);
            Assert.True(
                exitCode == 0 && output.Contains("3 passed", StringComparison.Ordinal),
                $"{await File.ReadAllTextAsync(file)}\n{output}"
            );
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static object Anchor(int batches)
    {
        int[] blobs = [.. Enumerable.Range(0, batches).Select(_ => Random.Next(1, 9))];
        uint[] lengths = [.. blobs.Select(_ => (uint)Random.NextInt64(1, 1L << 32))];
        byte[] commitments = Bytes(48 * blobs.Sum());
        var ids = new BatchId[batches];
        int from = 0;
        for (int i = 0; i < batches; i++)
        {
            ids[i] = BatchId.Compute(lengths[i], commitments.AsSpan(from, 48 * blobs[i]));
            from += 48 * blobs[i];
        }

        var tree = new MerkleTree(commitments, 48);
        AnchorRoots roots = AnchorRoots.Of(commitments, ids);
        int[] places = [.. Enumerable.Range(0, tree.LeafCount).Where(_ => Random.Next(3) == 0)];
        places = places.Length > 0 ? places : [Random.Next(tree.LeafCount)];
        return new
        {
            payloadLengths = lengths,
            blobCounts = blobs,
            commitments = Hex(commitments),
            ids = Words(ids.Select(id => id.Value)),
            leafRoot = $"{roots.LeafRoot}",
            idRoot = $"{roots.IdRoot}",
            root = $"{roots.Root}",
            places,
            hashes = Words(tree.Multiproof(places)),
            path = Words(tree.Path(places[^1])),
        };
    }

    private static object Epoch()
    {
        byte[] mix = Bytes(32);
        byte[] operatorAddress = Bytes(20);
        byte[] verifier = Bytes(20);
        ulong number = (ulong)Random.NextInt64();
        ulong chainId = (ulong)Random.NextInt64();
        EpochSeed seed = EpochSeed.Derive(
            Bytes32.FromBytes(mix),
            number,
            Address.FromBytes(operatorAddress),
            Address.FromBytes(verifier),
            chainId
        );
        ulong lo = (ulong)Random.NextInt64(0, 1L << Random.Next(1, 50));
        ulong hot = lo + (ulong)(Random.Next(3) == 0 ? 0 : Random.NextInt64(1, 1L << Random.Next(1, 40)));
        ulong hi = hot + (ulong)(hot > lo && Random.Next(3) == 0 ? 0 : Random.NextInt64(1, 1L << Random.Next(1, 10)));
        uint hotSamples = (uint)Random.Next(1, 100);
        uint coldSamples = (uint)Random.Next(1, 40);
        Sample[] samples = Sampler.Draw(seed, new LiveRange(lo, hot, hi), hotSamples, coldSamples);
        return new
        {
            epoch = number,
            chainId,
            mix = Hex(mix),
            @operator = Hex(operatorAddress),
            verifier = Hex(verifier),
            seed = seed.Value.ToString(),
            challenge = seed.Challenge().ToString(),
            lo,
            hot,
            hi,
            hotSamples,
            coldSamples,
            samples = "0x" + string.Concat(samples.Select(sample => $"{sample.Position:x16}{sample.Weight:x32}")),
        };
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string forge, string file)
    {
        var start = new ProcessStartInfo(forge)
        {
            WorkingDirectory = Path.Combine(Repository.Root, "contracts"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (
            string argument in new[] { "test", "--match-contract", "VectorsTest", "--match-test", "roots|paths|seeds" }
        )
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["MEEDA_PROTOCOL_VECTORS"] = Path.GetRelativePath(start.WorkingDirectory, file);
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await error);
    }

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        Random.NextBytes(bytes);
        return bytes;
    }

    private static string Words(IEnumerable<Bytes32> words) =>
        "0x" + string.Concat(words.Select(word => $"{word}"[2..]));

    private static string Hex(byte[] bytes) => "0x" + Convert.ToHexStringLower(bytes);
}

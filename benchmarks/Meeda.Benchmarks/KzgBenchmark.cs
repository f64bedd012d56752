using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;

namespace Meeda.Benchmarks;

/// <summary>
/// The KZG engine and c-kzg on the same blobs in the same process, once for each instruction set: medians in
/// milliseconds.
/// </summary>
internal static unsafe class KzgBenchmark
{
    private const int BatchCount = 64;
    private const int AggregatedCount = 1000;
    private const int PrecomputeWindow = 8;
    private const int Turns = 7;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Runs a child for each instruction set; prints the table and writes it to benchmarks/results.</summary>
    public static int Run()
    {
        var results = new Dictionary<string, Result>();
        Dictionary<string, double> rust = [];
        var table = new StringBuilder("# KZG: medians of one run\n");
        foreach ((string name, string? variable) in Child.InstructionSets)
        {
            ProcessStartInfo start =
                results.Count == 0 ? Child.Start("kzg", "--child", "--rust") : Child.Start("kzg", "--child");
            (IReadOnlyList<Measurement> measurements, IReadOnlyList<Scaling> scaling) =
                JsonSerializer.Deserialize<Result>(Child.Result(start, variable))!;
            foreach (Measurement m in measurements.Where(m => m.Rust is not null))
            {
                rust[m.Operation] = m.Rust!.Value;
            }

            // rust-eth-kzg runs beside the first child only.
            measurements =
            [
                .. measurements.Select(m =>
                    m with
                    {
                        Rust = rust.TryGetValue(m.Operation, out double milliseconds) ? milliseconds : null,
                    }
                ),
            ];
            results[name] = new Result(measurements, scaling);
            table.Append(
                CultureInfo.InvariantCulture,
                $"\n## {name}\n\n| operation | Meeda ms | c-kzg ms | times as fast | rust-eth-kzg ms |\n| --- | "
                    + $"---: | ---: | ---: | ---: |\n"
            );
            foreach (Measurement m in measurements)
            {
                table.Append(
                    CultureInfo.InvariantCulture,
                    $"| {m.Operation} | {m.Milliseconds:F2} | {m.Peer:F2} | {m.Peer / m.Milliseconds:F2} | "
                        + $"{m.Rust:F2} |\n"
                );
            }

            table.Append(
                "\n| two threads, blobs of their own: times what one does | Meeda | c-kzg |\n| --- | ---: | ---: |\n"
            );
            foreach (Scaling two in scaling)
            {
                table.Append(CultureInfo.InvariantCulture, $"| {two.Operation} | {two.Meeda:F2} | {two.Peer:F2} |\n");
            }
        }

        Results.Write("kzg", table.ToString(), JsonSerializer.Serialize(results, Indented));
        return 0;
    }

    /// <summary>Measures in this process and prints the result as one line of JSON.</summary>
    /// <param name="withRust">Whether rust-eth-kzg is measured too.</param>
    public static int RunChild(bool withRust)
    {
        string cache = Path.Combine(Results.Root(), ".meeda", "bench");
        CkzgLibrary peer = CkzgLibrary.Load(cache, PrecomputeWindow, out double peerSetup);
        var inputs = new Dictionary<string, byte[]>();
        var measurements = new List<Measurement>();
        var scaling = new List<Scaling>();
        long start = Stopwatch.GetTimestamp();
        var key = new CommitmentKey(TrustedSetup.Ethereum);
        measurements.Add(
            new("setup load, ready to commit", Stopwatch.GetElapsedTime(start).TotalMilliseconds, peerSetup)
        );
        var verifier = new VerificationKey(TrustedSetup.Ethereum);
        byte[] blobs = RandomNumberGenerator.GetBytes(BatchCount * Blob.ByteLength);
        for (int i = 0; i < blobs.Length; i += Blob.ElementLength)
        {
            blobs[i] &= 0x3f;
        }

        byte[] blob = blobs[..Blob.ByteLength];
        Fr z = Fr.FromUInt64(7);
        var zBytes = new byte[Fr.Length];
        z.Encode(zBytes);
        KzgCommitment[] commitments =
        [
            .. Enumerable
                .Range(0, BatchCount)
                .Select(i => key.Commit(blobs.AsSpan(i * Blob.ByteLength, Blob.ByteLength))),
        ];
        KzgProof[] proofs =
        [
            .. Enumerable
                .Range(0, BatchCount)
                .Select(i => key.OpenBlob(blobs.AsSpan(i * Blob.ByteLength, Blob.ByteLength), commitments[i])),
        ];
        byte[] commitmentBytes = [.. commitments.SelectMany(commitment => commitment.ToArray())];
        byte[] proofBytes = [.. proofs.SelectMany(proof => proof.ToArray())];
        var peerCommitment = new byte[KzgCommitment.Length];
        var peerProof = new byte[KzgProof.Length];
        var peerY = new byte[Fr.Length];
        fixed (
            byte* b = blobs,
                zp = zBytes,
                cs = commitmentBytes,
                ps = proofBytes,
                c = peerCommitment,
                p = peerProof,
                y = peerY
        )
        {
            // A pointer cannot be captured; a number can.
            nint nb = (nint)b,
                nz = (nint)zp,
                ncs = (nint)cs,
                nps = (nint)ps,
                nc = (nint)c,
                np = (nint)p,
                ny = (nint)y;
            Measure("blob to commitment", 21, () => key.Commit(blob), () => peer.Commit((byte*)nc, (byte*)nb));
            Require(peerCommitment.AsSpan().SequenceEqual(commitments[0].ToArray()), "commitments differ");
            KzgProof proof = default;
            Fr value = default;
            Measure(
                "opening at a point",
                21,
                () => proof = key.Open(blob, z, out value),
                () => peer.Open((byte*)np, (byte*)ny, (byte*)nb, (byte*)nz)
            );
            Require(peerProof.AsSpan().SequenceEqual(proof.ToArray()), "proofs differ");
            Measurement opening = measurements[^1];
            double aggregated = Median(
                3,
                () =>
                {
                    var sum = new BlobCombination();
                    for (int i = 0; i < AggregatedCount; i++)
                    {
                        sum.Add(
                            blobs.AsSpan(i % BatchCount * Blob.ByteLength, Blob.ByteLength),
                            (UInt128)(i + 1) << 90
                        );
                    }

                    sum.Open(key, z, out _);
                }
            );
            measurements.Add(
                new($"aggregated opening of {AggregatedCount} blobs", aggregated, AggregatedCount * opening.Peer)
            );
            // From bytes to the answer on either side: what decodes a point is part of what is measured.
            byte[] oneProof = proof.ToArray(),
                y1 = value.ToArray();
            nint ny1,
                np1;
            fixed (
                byte* py = y1,
                    pp = oneProof
            )
            {
                (ny1, np1) = ((nint)py, (nint)pp);
                Measure(
                    "verify one proof",
                    51,
                    () => Require(verifier.VerifyProof(commitmentBytes.AsSpan(0, 48), zBytes, y1, oneProof), "refused"),
                    () => Require(peer.Verify((byte*)ncs, (byte*)nz, (byte*)ny1, (byte*)np1), "refused")
                );
            }

            Measure(
                "verify one blob proof",
                51,
                () =>
                    Require(
                        verifier.VerifyBlobProof(blob, commitmentBytes.AsSpan(0, 48), proofBytes.AsSpan(0, 48)),
                        "refused"
                    ),
                () => Require(peer.VerifyBatch((byte*)nb, (byte*)ncs, (byte*)nps, 1), "refused")
            );
            Measure(
                $"verify a batch of {BatchCount} blob proofs",
                14,
                () =>
                    Require(
                        verifier.VerifyBlobProofBatch(
                            blobs,
                            KzgCommitment.DecodeAll(commitmentBytes),
                            KzgProof.DecodeAll(proofBytes)
                        ),
                        "refused"
                    ),
                () => Require(peer.VerifyBatch((byte*)nb, (byte*)ncs, (byte*)nps, BatchCount), "refused")
            );
            (inputs["blobs"], inputs["commitments"], inputs["proofs"]) = (blobs, commitmentBytes, proofBytes);
            (inputs["z"], inputs["y"], inputs["proof"]) = (zBytes, y1, oneProof);
            var peerCommitments = new byte[2 * KzgCommitment.Length];
            fixed (byte* pc = peerCommitments)
            {
                nint npc = (nint)pc;
                scaling.Add(
                    new(
                        "blob to commitment",
                        TwoThreads.Scaling(
                            (_, i) => key.Commit(blobs.AsSpan(i % BatchCount * Blob.ByteLength, Blob.ByteLength))
                        ),
                        TwoThreads.Scaling(
                            (thread, i) =>
                                peer.Commit(
                                    (byte*)npc + (thread * KzgCommitment.Length),
                                    (byte*)nb + ((long)(i % BatchCount) * Blob.ByteLength)
                                )
                        )
                    )
                );
            }
        }

        MeasureCells(peer, blob, commitmentBytes[..KzgCommitment.Length], measurements, scaling, inputs);
        if (withRust)
        {
            Dictionary<string, double> rust = RustPeer.Measure(cache, inputs);
            measurements =
            [
                .. measurements.Select(m =>
                    m with
                    {
                        Rust = rust.TryGetValue(m.Operation, out double milliseconds) ? milliseconds : null,
                    }
                ),
            ];
        }

        Child.Report(JsonSerializer.Serialize(new Result(measurements, scaling)));
        return 0;

        void Measure(string operation, int samples, Action ours, Action theirs)
        {
            (double our, double their) = Medians(samples, ours, theirs);
            measurements.Add(new(operation, our, their));
        }
    }

    private static void MeasureCells(
        CkzgLibrary peer,
        byte[] blob,
        byte[] commitment,
        List<Measurement> measurements,
        List<Scaling> scaling,
        Dictionary<string, byte[]> inputs
    )
    {
        var prover = new CellProver(TrustedSetup.Ethereum);
        var verifier = new CellVerifier(TrustedSetup.Ethereum);
        byte[] cells = prover.ComputeCellsAndKzgProofs(blob, out KzgProof[] proofs);
        byte[] proofBytes = [.. proofs.SelectMany(proof => proof.ToArray())];
        byte[] commitments = [.. proofs.SelectMany(_ => commitment)];
        (inputs["cells"], inputs["cell-proofs"]) = (cells, proofBytes);
        CellIndex[] indices = [.. proofs.Select((_, i) => new CellIndex((ulong)i))];
        ulong[] numbers = [.. indices.Select(index => (ulong)index.Value)];
        var peerCells = new byte[cells.Length];
        var peerProofs = new byte[proofBytes.Length];
        fixed (
            byte* b = blob,
                c = peerCells,
                p = peerProofs,
                cs = commitments
        )
        {
            fixed (ulong* i = numbers)
            {
                nint nb = (nint)b,
                    nc = (nint)c,
                    np = (nint)p,
                    ncs = (nint)cs,
                    ni = (nint)i;
                (double our, double their) = Medians(
                    14,
                    () => prover.ComputeCellsAndKzgProofs(blob, out _),
                    () => peer.CellsAndProofs((byte*)nc, (byte*)np, (byte*)nb)
                );
                measurements.Add(new("cells and proofs", our, their));
                scaling.Add(
                    new(
                        "cells and proofs",
                        TwoThreads.Scaling((_, _) => prover.ComputeCellsAndKzgProofs(blob, out _)),
                        null
                    )
                );
                (our, their) = Medians(
                    21,
                    () => Require(verifier.VerifyCellKzgProofBatch(commitments, indices, cells, proofBytes), "refused"),
                    () =>
                        Require(
                            peer.VerifyCells((byte*)ncs, (ulong*)ni, (byte*)nc, (byte*)np, Cell.CountPerBlob),
                            "refused"
                        )
                );
                measurements.Add(new("verify 128 cells", our, their));
            }
        }

        Require(peerCells.AsSpan().SequenceEqual(cells), "cells differ");
        Require(peerProofs.AsSpan().SequenceEqual(proofBytes), "cell proofs differ");
    }

    private static double Median(int samples, Action action)
    {
        Warm(action);
        var times = new List<double>();
        Sample(samples, action, times);
        times.Sort();
        return times[samples / 2];
    }

    /// <summary>The medians of two actions, sampled in turns, so that what slows the machine down slows both.</summary>
    private static (double Ours, double Theirs) Medians(int samples, Action ours, Action theirs)
    {
        Warm(ours);
        Warm(theirs);
        List<double> our = [],
            their = [];
        for (int turn = 0; turn < Turns; turn++)
        {
            Sample(samples / Turns, ours, our);
            Sample(samples / Turns, theirs, their);
        }

        our.Sort();
        their.Sort();
        return (our[our.Count / 2], their[their.Count / 2]);
    }

    /// <summary>Lets the JIT settle: it compiles anew, in the background, what has run 30 times.</summary>
    private static void Warm(Action action)
    {
        long warm = Stopwatch.GetTimestamp();
        for (int i = 0; i < 40 && Stopwatch.GetElapsedTime(warm).TotalMilliseconds < 1500; i++)
        {
            action();
        }
    }

    private static void Sample(int samples, Action action, List<double> times)
    {
        action(); // Not counted: it finds the caches as somebody else left them.
        for (int i = 0; i < samples; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidOperationException(message);
        }
    }

    private sealed record Result(IReadOnlyList<Measurement> Measurements, IReadOnlyList<Scaling> TwoThreads);

    private sealed record Scaling(string Operation, double Meeda, double? Peer);

    private sealed record Measurement(string Operation, double Milliseconds, double Peer, double? Rust = null);
}

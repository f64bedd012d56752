using CsCheck;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Independent;

/// <summary>
/// Random inputs, good and bad, give what c-kzg-4844 and rust-eth-kzg give, byte for byte, refusals included: some
/// 1,300 cases.
/// </summary>
public sealed class OtherLibrariesTests
{
    // Canonical blobs, and now and then one with an element that is not.
    private static readonly Gen<byte[]> Blobs = Gen.Select(Arbitrary.Blob, Gen.Int[0, 4095], Gen.Int[0, 5])
        .Select(
            (blob, element, fault) =>
            {
                if (fault == 0)
                {
                    blob.AsSpan(element * Blob.ElementLength, 2).Fill(0xff);
                }

                return blob;
            }
        );

    // Scalars, canonical or just not.
    private static readonly Gen<byte[]> Scalars = Gen.Frequency(
        (6, Arbitrary.Fr.Select(scalar => scalar.ToArray())),
        (1, Gen.Byte.Array[32]),
        (1, Gen.Int[0, 2].Select(offset => (Fr.Modulus + offset).ToByteArray(isUnsigned: true, isBigEndian: true)))
    );

    // Points of the subgroup, of the curve only, with a damaged byte, and noise.
    private static readonly Gen<byte[]> Points = Gen.Frequency(
        (6, Arbitrary.G1.Select(point => KzgCommitment.From(point).ToArray())),
        (2, Arbitrary.CurvePoint.Select(Encode)),
        (
            2,
            Gen.Select(
                Arbitrary.G1,
                Gen.Int[0, 47],
                Gen.Byte,
                (point, index, value) =>
                {
                    byte[] bytes = KzgCommitment.From(point).ToArray();
                    bytes[index] ^= value;
                    return bytes;
                }
            )
        ),
        (1, Gen.Byte.Array[48]),
        (1, Gen.Byte.Select(first => (byte[])[first, .. new byte[47]]))
    );

    [SkippableFact]
    public void CommitAndOpen_AnyBlob_AsOtherLibraries()
    {
        AgreeingOracles oracle = Oracle();
        Gen.Select(Blobs, Scalars, Points)
            .Sample(
                (blob, z, point) =>
                {
                    AssertEqual(oracle.Commit(blob), () => Keys.Commitment.Commit(blob).ToArray());
                    AssertEqual(
                        oracle.Open(blob, z)?.Proof,
                        () => Keys.Commitment.Open(blob, Scalar(z), out _).ToArray()
                    );
                    AssertEqual(
                        oracle.Open(blob, z)?.Y,
                        () =>
                        {
                            Keys.Commitment.Open(blob, Scalar(z), out Fr y);
                            return y.ToArray();
                        }
                    );
                    AssertEqual(
                        oracle.OpenBlob(blob, point),
                        () => Keys.Commitment.OpenBlob(blob, KzgCommitment.Decode(point)).ToArray()
                    );
                },
                iter: 40,
                threads: 1
            );
    }

    [SkippableFact]
    public void VerifyProof_AnyBytes_AsOtherLibraries()
    {
        AgreeingOracles oracle = Oracle();
        Gen.Select(Points, Scalars, Scalars, Points)
            .Sample(
                (commitment, z, y, proof) =>
                    AssertEqual(
                        Bytes(oracle.VerifyProof(commitment, z, y, proof)),
                        () => Bytes(Keys.Verification.VerifyProof(commitment, z, y, proof))!
                    ),
                iter: 800,
                threads: 1
            );

        // (X - 3)·Q + y: true proofs of a polynomial that is made up of points only.
        Gen.Select(Arbitrary.Fr, Arbitrary.Fr, Arbitrary.Fr)
            .Sample(
                (quotient, z, y) =>
                {
                    G1Point proof = G1Point.Generator.Multiply(quotient);
                    G1Point tau = new(TrustedSetup.Ethereum.FirstMonomials(2)[1]);
                    byte[] commitment = KzgCommitment
                        .From((tau - G1Point.Generator.Multiply(z)).Multiply(quotient) + G1Point.Generator.Multiply(y))
                        .ToArray();
                    Assert.True(
                        oracle.VerifyProof(commitment, z.ToArray(), y.ToArray(), KzgProof.From(proof).ToArray())
                    );
                    Assert.True(
                        Keys.Verification.VerifyProof(KzgCommitment.Decode(commitment), z, y, KzgProof.From(proof))
                    );
                },
                iter: 100,
                threads: 1
            );
    }

    [SkippableFact]
    public void VerifyBlobProofBatch_AnyBlobs_AsOtherLibraries()
    {
        AgreeingOracles oracle = Oracle();
        byte[][] blobs = [.. Enumerable.Range(0, 5).Select(_ => Arbitrary.Blob.Single())];
        byte[][] commitments = [.. blobs.Select(blob => Keys.Commitment.Commit(blob).ToArray())];
        byte[][] proofs =
        [
            .. blobs.Select(
                (blob, i) => Keys.Commitment.OpenBlob(blob, KzgCommitment.Decode(commitments[i])).ToArray()
            ),
        ];
        Gen.Select(Gen.Int[0, 4].Array[0, 4], Gen.Int[0, 6], Gen.Int[0, 131071], Gen.Byte, Points)
            .Sample(
                (chosen, fault, place, value, point) =>
                {
                    byte[][] someBlobs = [.. chosen.Select(i => (byte[])[.. blobs[i]])];
                    byte[][] someCommitments = [.. chosen.Select(i => commitments[i])];
                    byte[][] someProofs = [.. chosen.Select(i => proofs[i])];
                    if (chosen.Length > 0)
                    {
                        int victim = place % chosen.Length;
                        switch (fault)
                        {
                            case 0:
                                someBlobs[victim][place] ^= value;
                                break;
                            case 1:
                                someCommitments[victim] = point;
                                break;
                            case 2:
                                someProofs[victim] = point;
                                break;
                            case 3:
                                someProofs[victim] = someProofs[0];
                                break;
                        }
                    }

                    byte[] allBlobs = [.. someBlobs.SelectMany(bytes => bytes)],
                        allCommitments = [.. someCommitments.SelectMany(bytes => bytes)],
                        allProofs = [.. someProofs.SelectMany(bytes => bytes)];
                    AssertEqual(
                        Bytes(oracle.VerifyBlobProofBatch(allBlobs, allCommitments, allProofs)),
                        () =>
                            Bytes(
                                Keys.Verification.VerifyBlobProofBatch(
                                    allBlobs,
                                    KzgCommitment.DecodeAll(allCommitments),
                                    KzgProof.DecodeAll(allProofs)
                                )
                            )!
                    );
                },
                iter: 120,
                threads: 1
            );
    }

    [SkippableFact]
    public void Cells_AnyBlob_AsOtherLibraries()
    {
        AgreeingOracles oracle = Oracle();
        Gen.Select(
                Blobs,
                Gen.Shuffle(Enumerable.Range(0, 128).Select(i => (ulong)i).ToArray()),
                Gen.OneOf(Gen.Const(64), Gen.Int[62, 128]),
                Gen.Int[0, 5]
            )
            .Sample(
                (blob, shuffled, count, fault) =>
                {
                    (byte[] Cells, byte[] Proofs)? expected = oracle.ComputeCellsAndKzgProofs(blob);
                    AssertEqual(expected?.Cells, () => Keys.Cells.ComputeCells(blob));
                    AssertEqual(
                        expected?.Proofs,
                        () =>
                        {
                            Keys.Cells.ComputeCellsAndKzgProofs(blob, out KzgProof[] proofs);
                            return [.. proofs.SelectMany(proof => proof.ToArray())];
                        }
                    );
                    if (expected is not { } all)
                    {
                        return;
                    }

                    ulong[] indices = [.. shuffled.Take(count).Order()];
                    byte[] present =
                    [
                        .. indices.SelectMany(index =>
                            all.Cells.Skip((int)index * Cell.ByteLength).Take(Cell.ByteLength)
                        ),
                    ];

                    // Indices out of order are not tried: c-kzg 4.1.0 takes them, the specification and its vectors
                    // refuse them.
                    switch (fault)
                    {
                        case 0:
                            indices[^1] = 128;
                            break;
                        case 1:
                            indices[^1] = indices[^2];
                            break;
                        case 2:
                            present.AsSpan(present.Length - 32).Fill(0xff);
                            break;
                        case 3 when count == Cell.CountToRecover:
                            // Of more cells than needed c-kzg makes something else where they contradict each other.
                            present[^1] ^= 1;
                            break;
                    }

                    AssertEqual(
                        oracle.RecoverCellsAndKzgProofs(indices, present)?.Cells,
                        () => Keys.Cells.RecoverCellsAndKzgProofs(Indices(indices), present, out _)
                    );
                },
                iter: 8,
                threads: 1
            );
    }

    [SkippableFact]
    public void VerifyCells_AnyBatch_AsOtherLibraries()
    {
        AgreeingOracles oracle = Oracle();
        byte[] blob = Arbitrary.Blob.Single();
        byte[] commitment = oracle.Commit(blob)!;
        (byte[] cells, byte[] proofs) = oracle.ComputeCellsAndKzgProofs(blob)!.Value;
        Gen.Select(Gen.Int[0, 127].Array[0, 10], Gen.Int[0, 5], Gen.Byte, Gen.Int[0, 100_000])
            .Sample(
                (chosen, fault, value, place) =>
                {
                    ulong[] indices = [.. chosen.Select(index => (ulong)index)];
                    byte[] commitments = [.. chosen.SelectMany(_ => commitment)];
                    byte[] batch =
                    [
                        .. chosen.SelectMany(index => cells.Skip(index * Cell.ByteLength).Take(Cell.ByteLength)),
                    ];
                    byte[] batchProofs =
                    [
                        .. chosen.SelectMany(index => proofs.Skip(index * KzgProof.Length).Take(KzgProof.Length)),
                    ];
                    if (chosen.Length > 0)
                    {
                        switch (fault)
                        {
                            case 0:
                                commitments[place % commitments.Length] ^= value;
                                break;
                            case 1:
                                batch[place % batch.Length] ^= value;
                                break;
                            case 2:
                                batchProofs[place % batchProofs.Length] ^= value;
                                break;
                            case 3:
                                indices[place % indices.Length] = value;
                                break;
                        }
                    }

                    AssertEqual(
                        Bytes(oracle.VerifyCellKzgProofBatch(commitments, indices, batch, batchProofs)),
                        () =>
                            Bytes(
                                Keys.CellVerifier.VerifyCellKzgProofBatch(
                                    commitments,
                                    Indices(indices),
                                    batch,
                                    batchProofs
                                )
                            )!
                    );
                },
                iter: 120,
                threads: 1
            );
    }

    private static AgreeingOracles Oracle()
    {
        List<IKzgOracle> oracles = [];
        if (CkzgLibrary.IsPresent)
        {
            oracles.Add(CkzgLibrary.Instance);
        }

        if (RustLibrary.IsPresent)
        {
            oracles.Add(RustLibrary.Instance);
        }

        Skip.If(
            oracles.Count == 0,
            $"{CkzgLibrary.Variable} names no library, {RustLibrary.Variable} no folder: see CkzgLibrary.cs and "
                + "RustLibrary.cs"
        );
        return new(oracles);
    }

    private static void AssertEqual(byte[]? expected, Func<byte[]> compute)
    {
        if (expected is null)
        {
            Assert.Throws<KzgFormatException>(() => compute());
        }
        else
        {
            Assert.Equal(expected, compute());
        }
    }

    private static Fr Scalar(byte[] bytes) =>
        Fr.TryDecode(bytes, out Fr scalar) ? scalar : throw new KzgFormatException("scalar");

    private static CellIndex[] Indices(ulong[] indices) => [.. indices.Select(index => new CellIndex(index))];

    private static byte[]? Bytes(bool? answer) => answer is { } value ? [value ? (byte)1 : (byte)0] : null;

    private static byte[] Encode(G1Affine point)
    {
        var bytes = new byte[G1Point.CompressedLength];
        point.Encode(bytes);
        return bytes;
    }
}

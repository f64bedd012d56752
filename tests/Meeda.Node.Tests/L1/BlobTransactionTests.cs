using Meeda.Ethereum;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Xunit;

namespace Meeda.Node.Tests.L1;

public sealed class BlobTransactionTests
{
    /// <summary>
    /// The transaction that cast (Foundry 1.7.1) creates from the same blob: Meeda.L1's encoding together with
    /// Meeda.Kzg's commitment and cell proofs.
    /// </summary>
    [Fact]
    public void SignWithSidecar_ABlobWithItsCellProofs_IsCasts()
    {
        var blob = new byte[Blob.ByteLength];
        blob[8] = 10;
        "hello blob"u8.CopyTo(blob.AsSpan(Blob.ElementLength + 1));
        KzgCommitment commitment = new CommitmentKey(TrustedSetup.Ethereum).Commit(blob);
        CellProver prover = new(TrustedSetup.Ethereum);
        prover.ComputeCellsAndKzgProofs(blob, out KzgProof[] proofs);
        var transaction = new BlobTransaction(
            1,
            3,
            2_000_000_000,
            30_000_000_000,
            100_000,
            Address.Parse("0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"),
            0,
            [0x12, 0x34],
            5,
            [Bytes32.FromBytes(commitment.VersionedHash())]
        );
        byte[] wire = transaction.SignWithSidecar(
            PrivateKeySigner.FromHex("0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"),
            new BlobSidecar([blob], [commitment.ToArray()], [.. proofs.Select(proof => proof.ToArray())])
        );
        Assert.Equal(
            "0x35b47f97e06b6e4fc88d8eaa88b017e9759dd3a9e63998b1a4006b13f4ae2775",
            Keccak256.Hash(wire).ToString()
        );
    }
}

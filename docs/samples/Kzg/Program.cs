// From a blob to its commitment, proofs and cells, and back from half of the cells.
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;

byte[] blob = new byte[Blob.ByteLength];
"a batch of a rollup"u8.CopyTo(blob.AsSpan(1));

// EIP-4844: commit, prove, verify.
KzgCommitment commitment = new CommitmentKey(TrustedSetup.Ethereum).Commit(blob);
KzgProof proof = new CommitmentKey(TrustedSetup.Ethereum).OpenBlob(blob, commitment);
bool isProven = new VerificationKey(TrustedSetup.Ethereum).VerifyBlobProof(blob, commitment, proof);
Console.WriteLine($"commitment {commitment}");
Console.WriteLine($"the blob proof verifies: {isProven}");

// EIP-7594: 128 cells with their proofs; any 64 of them give the blob back.
var prover = new CellProver(TrustedSetup.Ethereum);
byte[] cells = prover.ComputeCellsAndKzgProofs(blob, out KzgProof[] proofs);
CellIndex[] odd = [.. Enumerable.Range(0, Cell.CountToRecover).Select(i => new CellIndex((ulong)(2 * i) + 1))];
byte[] half = [.. odd.SelectMany(index => cells[(index.Value * Cell.ByteLength)..((index.Value + 1) * Cell.ByteLength)])];
KzgProof[] halfProofs = [.. odd.Select(index => proofs[index.Value])];
KzgCommitment[] commitments = [.. odd.Select(_ => commitment)];
bool areCells = new CellVerifier(TrustedSetup.Ethereum).VerifyCellKzgProofBatch(commitments, odd, half, halfProofs);
byte[] recovered = prover.RecoverCellsAndKzgProofs(odd, half, out _);
Console.WriteLine($"the cells verify: {areCells}");
Console.WriteLine($"half of them give the blob back: {recovered.AsSpan(0, Blob.ByteLength).SequenceEqual(blob)}");

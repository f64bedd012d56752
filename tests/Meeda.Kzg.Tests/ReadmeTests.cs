using System.Runtime.CompilerServices;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests;

/// <summary>The example of src/Meeda.Kzg/README.md: it stands here as code that runs, and there word by word.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public void Example_AsInTheReadme_Runs()
    {
        // example begins
        using var key = new CommitmentKey(TrustedSetup.Ethereum);
        var verifier = new VerificationKey(TrustedSetup.Ethereum);

        byte[] blob = new byte[Blob.ByteLength]; // 4096 field elements, 32 bytes big-endian each
        "hello"u8.CopyTo(blob.AsSpan(1)); // below the modulus, as the first byte stays 0

        KzgCommitment commitment = key.Commit(blob); // 48 bytes: commitment.ToArray()
        KzgProof proof = key.Open(blob, Fr.FromUInt64(7), out Fr y); // "the blob's polynomial is y at 7"
        bool opened = verifier.VerifyProof(commitment, Fr.FromUInt64(7), y, proof);

        var sum = new BlobCombination(); // Σ w_i·B_i: many blobs opened at the price of one
        sum.Add(blob, 3);
        sum.Add(blob, 4);
        KzgProof combined = sum.Open(key, Fr.FromUInt64(7), out Fr sevenY);

        // 128 cells, any 64 of which give the blob
        using var prover = new CellProver(TrustedSetup.Ethereum);
        byte[] cells = prover.ComputeCells(blob);
        // example ends
        Assert.True(opened);
        Assert.Equal(y * Fr.FromUInt64(7), sevenY);
        Assert.Equal(combined.Point, proof.Point.Multiply(Fr.FromUInt64(7)));
        Assert.Equal(blob, cells[..Blob.ByteLength]);
    }

    [Fact]
    public void Example_InTheReadme_IsTheOneThatRuns()
    {
        string tests = Path.GetDirectoryName(SourcePath())!;
        string readme = File.ReadAllText(Path.Combine(tests, "../../src/Meeda.Kzg/README.md"));
        string source = File.ReadAllText(SourcePath());
        string example = source.Split("// example begins\n")[1].Split("        // example ends")[0];
        string unindented = string.Join('\n', example.Split('\n').Select(line => line.Length >= 8 ? line[8..] : line));
        Assert.Contains("```csharp\n" + unindented + "```", readme, StringComparison.Ordinal);
    }

    private static string SourcePath([CallerFilePath] string path = "") => path;
}

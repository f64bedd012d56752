using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Commitments;

public sealed class BlobTests
{
    private static readonly byte[] Modulus = Fr.Modulus.ToByteArray(isUnsigned: true, isBigEndian: true);

    [Fact]
    public void IsCanonical_SeveralBlobs_LooksAtEveryElement()
    {
        var blobs = new byte[2 * Blob.ByteLength];
        Assert.True(Blob.IsCanonical(blobs));
        foreach (int element in (int[])[0, 1, 4095, 4096, 8191])
        {
            byte[] damaged = [.. blobs];
            Modulus.CopyTo(damaged, element * Blob.ElementLength);
            Assert.False(Blob.IsCanonical(damaged), $"element {element}");
            damaged[((element + 1) * Blob.ElementLength) - 1]--;
            Assert.True(Blob.IsCanonical(damaged), $"element {element} below the modulus");
        }
    }

    [Fact]
    public void IsCanonical_LengthsOtherThanWholeBlobs_IsFalse()
    {
        Assert.True(Blob.IsCanonical([]));
        Assert.False(Blob.IsCanonical(new byte[Blob.ByteLength - 1]));
        Assert.False(Blob.IsCanonical(new byte[Blob.ByteLength + Blob.ElementLength]));
    }

    [Fact]
    public void Commit_FaultyBlob_NamesTheFault()
    {
        Assert.Equal(
            "blob: 5 bytes, 131072 are expected",
            Assert.Throws<KzgFormatException>(() => Keys.Commitment.Commit(new byte[5])).Message
        );
        var blob = new byte[Blob.ByteLength];
        Modulus.CopyTo(blob, 17 * Blob.ElementLength);
        Assert.Equal(
            "blob: element 17 is not below the field's modulus",
            Assert.Throws<KzgFormatException>(() => Keys.Commitment.Commit(blob)).Message
        );
    }
}

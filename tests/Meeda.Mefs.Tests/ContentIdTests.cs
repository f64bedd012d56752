using System.Text;
using Xunit;

namespace Meeda.Mefs.Tests;

public sealed class ContentIdTests
{
    // The vectors of the API's description, from an independent program.
    [Theory]
    [InlineData("", "bafybeia4bvfwyw6qmtltmymql7prbrtu6s6as2z7b3efscggmsqcvij5za")]
    [InlineData("test", "bafkreie7q3iidccmpvszul7kudcvvuavuo7u6gzlbobczuk5nqk3b4akba")]
    [InlineData("hello world", "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e")]
    public void Compute_AText_IsTheVector(string text, string expected) =>
        Assert.Equal(expected, ContentId.Compute(Encoding.ASCII.GetBytes(text)).ToString());

    [Theory]
    [InlineData(253952, "bafkreicrgkrewajsb6yilejmjwu6jr6oxzwa6ks52q7so62bhdunnvhjwm")]
    [InlineData(253953, "bafybeidjgn7hejw32rzosfay47eo4fcpasvzh6qnz74suslnxfkr4c4oaa")]
    [InlineData(1040384, "bafybeiaoyehg6dj7d7mx5krn3mzey2te3s7ho6bydslrgawpbmtsbh5tcy")]
    public void Compute_Zeros_IsTheVector(int length, string expected) =>
        Assert.Equal(expected, ContentId.Compute(new byte[length]).ToString());

    [Fact]
    public void Compute_APattern_IsTheVector() =>
        Assert.Equal(
            "bafybeidrgb6v3drx5e5fy676naxndqz3v34hnnftfi6dxqwjtkblck7qye",
            ContentId.Compute([.. Enumerable.Range(0, 1_000_000).Select(i => (byte)(i % 251))]).ToString()
        );

    [Theory]
    [MemberData(nameof(LargeVectors))]
    public void Compute_MoreThanOneLayer_IsTheVector(long length, string expected)
    {
        var tree = new ContentTree();
        var piece = new byte[100_003];
        for (long left = length; left > 0; left -= piece.Length)
        {
            tree.Append(piece.AsSpan(0, (int)Math.Min(left, piece.Length)));
        }

        Assert.Equal(expected, tree.Finish().ToString());
    }

    public static TheoryData<long, string> LargeVectors =>
        new()
        {
            { 43933696, "bafybeig34pvo6mszihry4bsmzq4frckyo4fp6z6liuu3ocln2c4fkyjh6i" },
            { 44187648, "bafybeighgeoflcl7z7yqkcaq6zgqi3auzsm3cbcrk73lbahtdeucbwgjyq" },
            { 44441600, "bafybeihb6krr6gchzrm7iim5fypbsbigun77uaazqvqrzptrk5tdkw5v7u" },
            { 88375296, "bafybeiel4cplfc3niqensujgab45myylsxmq2lf76puhynzsgu5eseeqem" },
        };

    [Fact]
    public void TryDecode_ItsOwnBytes_RoundTripsAndAnMd5DoesNot()
    {
        ContentId id = ContentId.Compute("test"u8);
        Assert.True(ContentId.TryDecode(id.ToArray(), out ContentId decoded));
        Assert.Equal(id, decoded);
        Assert.NotEqual(id, ContentId.Compute("tesu"u8));
        Assert.False(ContentId.TryDecode(new byte[16], out _));
        Assert.False(ContentId.TryDecode(new byte[36], out _));
    }
}

using System.Security.Cryptography;
using Meeda.Kzg.Curves;

namespace Meeda.Kzg.Commitments;

/// <summary>
/// The outcome of a powers-of-tau ceremony: points that hide a secret <c>τ</c>. Its bytes hold compressed points,
/// nothing else, in this order:
/// <list type="number">
/// <item>4096 points of G1, <c>L_i(τ)·G1</c> for the Lagrange polynomials of the 4096th roots of unity <c>ω^i</c>,
/// <c>i</c> ascending (not bit-reversed);</item>
/// <item>65 points of G2, <c>τ^i·G2</c>, <c>i</c> ascending;</item>
/// <item>4096 points of G1, <c>τ^i·G1</c>, <c>i</c> ascending.</item>
/// </list>
/// Points are decompressed when first asked for. Those of <see cref="Ethereum"/> are known by the SHA-256 of the
/// whole; those of other setups are checked
/// when they are loaded.
/// </summary>
public sealed partial class TrustedSetup
{
    /// <summary>Points of G1, in either basis.</summary>
    internal const int G1Count = Blob.ElementCount;

    /// <summary>Points of G2.</summary>
    internal const int G2Count = 65;

    private const string ResourceName = "Meeda.Kzg.Commitments.ethereum-trusted-setup.bin";

    // Of the points of Ethereum's ceremony in the order above. They are those of trusted_setup.txt in the npm package
    // c-kzg 4.1.0, a text file with SHA-256
    // d39b9f2d047cc9dca2de58f264b6a09448ccd34db967881a6713eacacf0f26b7, its hex digits made bytes and its two leading
    // counts left out.
    private const string ResourceHash = "608ac720ba55fc77f65d155391020fc5b0501db266a3e360e734d6c0db0dfae3";

    private const int G2Offset = G1Count * G1Point.CompressedLength;
    private const int MonomialOffset = G2Offset + (G2Count * G2Affine.CompressedLength);
    private const int ByteLength = MonomialOffset + (G1Count * G1Point.CompressedLength);

    private static readonly Lazy<TrustedSetup> LazyEthereum = new(LoadEthereum);

    private readonly byte[] _points;
    private readonly Lazy<G1Affine[]> _lagrange;
    private readonly Lazy<G1Affine[]> _monomial;

    private TrustedSetup(byte[] points)
    {
        _points = points;
        _lagrange = new(() => DecodeG1(0, G1Count));
        _monomial = new(() => DecodeG1(MonomialOffset, G1Count));
    }

    /// <summary>The setup of Ethereum's KZG ceremony of 2023, which EIP-4844 and EIP-7594 use.</summary>
    public static TrustedSetup Ethereum => LazyEthereum.Value;

    /// <summary><c>L_i(τ)·G1</c>, <c>i</c> ascending. Not to be written to.</summary>
    internal G1Affine[] Lagrange => _lagrange.Value;

    /// <summary><c>τ^i·G1</c>, <c>i</c> ascending. Not to be written to.</summary>
    internal G1Affine[] Monomial => _monomial.Value;

    /// <summary><c>τ^i·G1</c> for <c>i</c> below <paramref name="count"/> only, which is faster than all.</summary>
    internal G1Affine[] FirstMonomials(int count) => DecodeG1(MonomialOffset, count);

    /// <summary><c>τ^power·G2</c> for a power up to 64.</summary>
    internal G2Affine G2(int power) =>
        G2Affine.TryDecode(
            _points.AsSpan(G2Offset + (power * G2Affine.CompressedLength), G2Affine.CompressedLength),
            out G2Affine point
        )
            ? point
            : throw new KzgFormatException($"trusted setup: point {power} of G2 is invalid");

    /// <summary>Reads a setup's bytes and checks their SHA-256.</summary>
    /// <param name="stream">The points in the order above.</param>
    /// <param name="expectedHash">The SHA-256, lower-case hex.</param>
    /// <exception cref="KzgFormatException">The bytes are too few or others.</exception>
    internal static TrustedSetup Read(Stream stream, string expectedHash)
    {
        var points = new byte[ByteLength];
        int length = stream.ReadAtLeast(points, ByteLength, throwOnEndOfStream: false);
        if (length < ByteLength)
        {
            throw new KzgFormatException($"trusted setup: {length} bytes, {ByteLength} are expected");
        }

        string hash = Convert.ToHexStringLower(SHA256.HashData(points));
        return hash == expectedHash
            ? new TrustedSetup(points)
            : throw new KzgFormatException($"trusted setup: SHA-256 is {hash}, {expectedHash} is expected");
    }

    private static TrustedSetup LoadEthereum()
    {
        using Stream stream =
            typeof(TrustedSetup).Assembly.GetManifestResourceStream(ResourceName)
            ?? throw new KzgFormatException($"trusted setup: the assembly has no resource {ResourceName}");
        return Read(stream, ResourceHash);
    }

    private G1Affine[] DecodeG1(int offset, int count)
    {
        var points = new G1Affine[count];
        for (int i = 0; i < points.Length; i++)
        {
            if (
                !G1Affine.TryDecode(
                    _points.AsSpan(offset + (i * G1Point.CompressedLength), G1Point.CompressedLength),
                    out points[i]
                )
            )
            {
                throw new KzgFormatException($"trusted setup: point {i} of G1 is invalid");
            }
        }

        return points;
    }
}

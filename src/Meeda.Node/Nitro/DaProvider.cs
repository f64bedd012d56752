using Meeda.Kzg.Commitments;
using Meeda.Node.Batches;
using Meeda.Node.Storage;
using Meeda.Protocol.Batches;
using Microsoft.Extensions.Options;

namespace Meeda.Node.Nitro;

/// <summary>What Nitro asks of a DA provider (<c>daprovider/</c>), without the wire.</summary>
internal sealed class DaProvider(
    IOptions<NitroOptions> options, IOptions<BatchOptions> batches, CertificateSigner signer, BatchIntake intake, BatchReader reader, CommitmentKey key)
{
    /// <summary>The bytes of a sequencer message in front of the certificate: five 8-byte numbers.</summary>
    public const int SequencerHeaderLength = 40;

    private const byte ProofVersion = 0x01;

    /// <summary>Stores a batch and certifies it.</summary>
    /// <exception cref="NitroException">It is too large.</exception>
    /// <exception cref="DaException">It cannot be stored now, or is empty.</exception>
    public async Task<byte[]> StoreAsync(byte[] message, CancellationToken cancellationToken)
    {
        if (message.Length > batches.Value.MaxBatchBytes)
        {
            throw new NitroException($"{NitroException.TooLarge}: {message.Length} bytes are more than {batches.Value.MaxBatchBytes} bytes");
        }

        StoredBatch batch = await intake.AcceptAsync(message, cancellationToken);
        return DaCertificate.Sign(options.Value.ProviderByte, batch.PayloadLength, batch.Commitments, signer.Key).ToArray();
    }

    /// <summary>The certificate behind a sequencer message's header, and the batch it names.</summary>
    /// <exception cref="NitroException">The certificate is invalid.</exception>
    /// <exception cref="DaException">The batch cannot be read now.</exception>
    public async Task<(DaCertificate Certificate, byte[] Payload)> RecoverAsync(byte[] sequencerMessage, CancellationToken cancellationToken)
    {
        if (sequencerMessage.Length <= SequencerHeaderLength)
        {
            throw new NitroException($"sequencerMsg: {sequencerMessage.Length} bytes hold no certificate behind the header of {SequencerHeaderLength} bytes");
        }

        DaCertificate certificate = Decode(sequencerMessage[SequencerHeaderLength..]);
        return (certificate, await ReadAsync(() => reader.ReadAsync(certificate.Batch, cancellationToken)));
    }

    /// <summary>Proves 32 bytes of a batch: <c>0x01 ‖ (y ‖ KZG proof) …</c> for each of the field elements, at most two, that they are in.</summary>
    /// <exception cref="NitroException">The certificate is invalid, or the offset behind the batch.</exception>
    /// <exception cref="DaException">The batch cannot be read now.</exception>
    public async Task<byte[]> ProveReadAsync(ulong offset, byte[] encoded, CancellationToken cancellationToken)
    {
        DaCertificate certificate = Decode(encoded);
        if (offset >= certificate.PayloadLength)
        {
            return [ProofVersion];
        }

        byte[] blobs = BlobEncoding.Encode(await ReadAsync(() => reader.ReadAsync(certificate.Batch, cancellationToken)));
        long end = Math.Min((long)offset + 32, certificate.PayloadLength);
        int first = (int)(((long)offset / BlobEncoding.DataBytesPerElement) + 1);
        int last = (int)(((end - 1) / BlobEncoding.DataBytesPerElement) + 1);
        var proof = new List<byte> { ProofVersion };
        for (int element = first; element <= last; element++)
        {
            int blob = element / Blob.ElementCount;
            KzgProof opening = key.Open(
                blobs.AsSpan(blob * Blob.ByteLength, Blob.ByteLength), BlobDomain.PointOf(element % Blob.ElementCount), out Kzg.Fields.Fr y);
            proof.AddRange(y.ToArray());
            proof.AddRange(opening.ToArray());
        }

        return [.. proof];
    }

    /// <summary>What the contract will say about a certificate: <c>claimedValid ‖ 0x01</c>. Reads nothing but the certificate.</summary>
    public byte[] ProveValidity(byte[] encoded) => [IsValid(encoded, out _, out _) ? (byte)1 : (byte)0, ProofVersion];

    private DaCertificate Decode(byte[] encoded) =>
        IsValid(encoded, out DaCertificate? certificate, out string? error) ? certificate! : throw new NitroException($"{NitroException.Invalid}: {error}");

    private bool IsValid(byte[] encoded, out DaCertificate? certificate, out string? error)
    {
        if (!DaCertificate.TryDecode(encoded, options.Value.ProviderByte, out certificate, out error))
        {
            return false;
        }

        if (certificate.Signer != signer.Address)
        {
            error = $"certificate: it is signed by {certificate.Signer}, not by {signer.Address}";
            return false;
        }

        return true;
    }

    /// <summary>A valid certificate's batch was promised, so that it is not here is this service's failure and never the certificate's.</summary>
    private static async Task<byte[]> ReadAsync(Func<Task<byte[]>> read)
    {
        try
        {
            return await read();
        }
        catch (DaException absent) when (absent.Error == DaError.Absent)
        {
            throw new DaException(DaError.Unavailable, "store: the batch of this valid certificate is not in this server's ledger; ask the one that signed it", absent);
        }
    }
}

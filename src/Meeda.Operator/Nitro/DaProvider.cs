using System.Security.Cryptography;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.Kzg.Commitments;
using Meeda.Operator.Batches;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Nitro;

/// <summary>
/// The operations that Nitro requires of a DA provider (<c>daprovider/</c>), independent of the transport.
/// </summary>
internal sealed class DaProvider(
    IOptions<NitroOptions> options,
    IOptions<BatchOptions> batches,
    CertificateSigner signer,
    Terms terms,
    BatchIntake intake,
    BatchReader reader,
    CommitmentKey key,
    IHttpContextAccessor requests,
    ProofWork work,
    [FromKeyedServices(nameof(DaProvider))] BatchCopies answers
)
{
    // Memory for a JSON response: the batch, plus two base64 copies of it if the client requests both payload and
    // preimages.
    private const int AnswerFactor = 4;

    // Additional memory for decoding the batch: its rows, and the rows concatenated.
    private const int LoadFactor = 7;

    /// <summary>The bytes of a sequencer message in front of the certificate: five 8-byte numbers.</summary>
    public const int SequencerHeaderLength = 40;

    private const byte ProofVersion = 0x01;

    /// <summary>Stores a batch and certifies it.</summary>
    /// <param name="message">The batch.</param>
    /// <param name="room">The memory reserved for its bytes, released once they are durable; null if none is
    /// reserved.</param>
    /// <param name="cancellationToken">Cancels the wait for a state, but never the storing.</param>
    /// <exception cref="NitroException">The batch is too large, its length is a multiple of 32, or no validator is
    /// configured.</exception>
    /// <exception cref="DaException">It cannot be stored now, or is empty.</exception>
    public async Task<byte[]> StoreAsync(byte[] message, IDisposable? room, CancellationToken cancellationToken)
    {
        int most = Math.Min(batches.Value.MaxBatchBytes, DaCertificate.MaxLength);
        if (message.Length > most)
        {
            throw new NitroException($"{NitroException.TooLarge}: {message.Length} bytes are more than {most} bytes");
        }

        if (message.Length > 0 && !DaCertificate.IsProvable(message.Length))
        {
            throw new NitroException(
                $"{NitroException.TooLarge}: {message.Length} bytes are a multiple of 32, whose end Nitro's one-step "
                    + "prover cannot show; a byte less will do"
            );
        }

        // Computed before the batch's retention term starts, so that the certificate never exceeds it.
        CertificateDomain domain = options.Value.Domain;
        ulong lastBlock = await terms.PromisedUntilAsync(cancellationToken) ?? 0;
        StoredBatch batch = await intake.AcceptAsync(message, room, cancellationToken);
        return DaCertificate.Sign(domain, batch.PayloadLength, lastBlock, batch.Commitments, signer.Key).ToArray();
    }

    /// <summary>The certificate behind a sequencer message's header, and the batch it names.</summary>
    /// <exception cref="NitroException">The certificate is invalid.</exception>
    /// <exception cref="DaException">The batch cannot be read now.</exception>
    public async Task<(DaCertificate Certificate, byte[] Payload)> RecoverAsync(
        byte[] sequencerMessage,
        CancellationToken cancellationToken
    )
    {
        if (sequencerMessage.Length <= SequencerHeaderLength)
        {
            throw new NitroException(
                $"sequencerMsg: {sequencerMessage.Length} bytes hold no certificate behind the header of "
                    + $"{SequencerHeaderLength} bytes"
            );
        }

        DaCertificate certificate = Decode(sequencerMessage[SequencerHeaderLength..]);
        return (certificate, await ReadAsync(() => HoldAsync(certificate, cancellationToken)));
    }

    /// <summary>
    /// Proves 32 bytes of a batch: <c>0x01 ‖ (y ‖ KZG proof) …</c> for each of the field elements, at most two, that
    /// they are in.
    /// </summary>
    /// <exception cref="NitroException">The certificate is invalid, or the offset is past the end of the
    /// batch.</exception>
    /// <exception cref="DaException">The batch cannot be read now.</exception>
    public async Task<byte[]> ProveReadAsync(ulong offset, byte[] encoded, CancellationToken cancellationToken)
    {
        DaCertificate certificate = Decode(encoded);
        if (offset >= certificate.PayloadLength)
        {
            return [ProofVersion];
        }

        return await work.GetAsync(
            ClientOf(requests.HttpContext),
            ("nitro", certificate.Batch, offset),
            () => ProveReadAsync(offset, certificate),
            proof => proof.Length,
            cancellationToken
        );
    }

    /// <summary>
    /// The contract's verdict on a certificate: <c>claimedValid ‖ 0x01</c>. Depends only on the certificate.
    /// </summary>
    public byte[] ProveValidity(byte[] encoded) => [IsValid(encoded, out _, out _) ? (byte)1 : (byte)0, ProofVersion];

    private static string ClientOf(HttpContext? context) => context is null ? "no client" : RequestClient.Of(context);

    /// <summary>
    /// Reads a batch and reserves memory for the response until the request ends. The minimum rate for long responses
    /// applies.
    /// </summary>
    private async Task<byte[]> HoldAsync(DaCertificate certificate, CancellationToken cancellationToken)
    {
        HttpContext? context = requests.HttpContext;
        long length = certificate.PayloadLength;

        // Each response counts as a client of its own in the budget.
        var name = new BatchId(Bytes32.FromBytes(RandomNumberGenerator.GetBytes(Bytes32.Length)));
        BatchReading reading = await answers.OpenAsync(
            ClientOf(context),
            name,
            AnswerFactor * length,
            LoadFactor * length,
            stop => reader.ReadAsync(certificate.Batch, stop),
            cancellationToken
        );
        if (context is null)
        {
            reading.Dispose();
        }
        else
        {
            context.Response.RegisterForDispose(reading);
            if (length > Pace.LongLength && context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            {
                rate.MinDataRate = new MinDataRate(Pace.LongBytesPerSecond, Pace.Grace);
            }
        }

        return reading.Bytes;
    }

    private async Task<byte[]> ProveReadAsync(ulong offset, DaCertificate certificate)
    {
        byte[] blobs = BlobEncoding.Encode(
            await ReadAsync(() => reader.ReadAsync(certificate.Batch, CancellationToken.None))
        );
        long end = Math.Min((long)offset + 32, certificate.PayloadLength);
        int first = (int)(((long)offset / BlobEncoding.DataBytesPerElement) + 1);
        int last = (int)(((end - 1) / BlobEncoding.DataBytesPerElement) + 1);
        var proof = new List<byte> { ProofVersion };
        for (int element = first; element <= last; element++)
        {
            int blob = element / Blob.ElementCount;
            KzgProof opening = key.Open(
                blobs.AsSpan(blob * Blob.ByteLength, Blob.ByteLength),
                BlobDomain.PointOf(element % Blob.ElementCount),
                out Kzg.Fields.Fr y
            );
            proof.AddRange(y.ToArray());
            proof.AddRange(opening.ToArray());
        }

        return [.. proof];
    }

    private DaCertificate Decode(byte[] encoded) =>
        IsValid(encoded, out DaCertificate? certificate, out string? error)
            ? certificate!
            : throw new NitroException($"{NitroException.Invalid}: {error}");

    private bool IsValid(byte[] encoded, out DaCertificate? certificate, out string? error)
    {
        if (!DaCertificate.TryDecode(encoded, options.Value.Domain, out certificate, out error))
        {
            return false;
        }

        if (certificate.Signer != signer.Address && !options.Value.IsOtherSigner(certificate.Signer))
        {
            error = $"certificate: it is signed by {certificate.Signer}, not by {signer.Address} or another signer";
            return false;
        }

        return true;
    }

    /// <summary>
    /// A valid certificate's batch was promised, so that it is not here is this service's failure and never the
    /// certificate's.
    /// </summary>
    private static async Task<byte[]> ReadAsync(Func<Task<byte[]>> read)
    {
        try
        {
            return await read();
        }
        catch (DaException absent) when (absent.Error == DaError.NotFound)
        {
            throw new DaException(
                DaError.Unavailable,
                "store: the batch of this valid certificate is not in this server's ledger; ask the one that signed it",
                absent
            );
        }
    }
}

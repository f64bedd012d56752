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

/// <summary>What Nitro asks of a DA provider (<c>daprovider/</c>), without the wire.</summary>
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
    // What an answer in JSON takes: the batch, and it twice in base64 where both payload and preimages are asked for,
    // as text that waits for the client.
    private const int AnswerFactor = 4;

    // What putting the batch together takes in addition: its rows, and the same, concatenated.
    private const int LoadFactor = 7;

    /// <summary>The bytes of a sequencer message in front of the certificate: five 8-byte numbers.</summary>
    public const int SequencerHeaderLength = 40;

    private const byte ProofVersion = 0x01;

    /// <summary>Stores a batch and certifies it.</summary>
    /// <param name="message">The batch.</param>
    /// <param name="room">The room that its bytes take, disposed of once they are durable; null for none.</param>
    /// <param name="cancellationToken">Ends the waiting for a state, never the storing.</param>
    /// <exception cref="NitroException">It is too large, or its length is a multiple of 32, or no validator is
    /// set.</exception>
    /// <exception cref="DaException">It cannot be stored now, or is empty.</exception>
    public async Task<byte[]> StoreAsync(byte[] message, IDisposable? room, CancellationToken cancellationToken)
    {
        if (message.Length > batches.Value.MaxBatchBytes)
        {
            throw new NitroException(
                $"{NitroException.TooLarge}: {message.Length} bytes are more than {batches.Value.MaxBatchBytes} bytes"
            );
        }

        if (message.Length > 0 && !DaCertificate.IsProvable(message.Length))
        {
            throw new NitroException(
                $"{NitroException.TooLarge}: {message.Length} bytes are a multiple of 32, whose end Nitro's one-step "
                    + "prover cannot show; a byte less will do"
            );
        }

        // Before the batch is promised for a term from now: what is signed is never more.
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
    /// <exception cref="NitroException">The certificate is invalid, or the offset behind the batch.</exception>
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
    /// What the contract will say about a certificate: <c>claimedValid ‖ 0x01</c>. Reads nothing but the certificate.
    /// </summary>
    public byte[] ProveValidity(byte[] encoded) => [IsValid(encoded, out _, out _) ? (byte)1 : (byte)0, ProofVersion];

    private static string ClientOf(HttpContext? context) => context is null ? "nobody" : RequestClient.Of(context);

    /// <summary>
    /// Reads a batch, and takes memory for an answer with it until the request is over. Its client must take the
    /// answer as fast as any other long one.
    /// </summary>
    private async Task<byte[]> HoldAsync(DaCertificate certificate, CancellationToken cancellationToken)
    {
        HttpContext? context = requests.HttpContext;
        long length = certificate.PayloadLength;

        // An answer is no one else's, so that it is held under a name of its own.
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

        if (certificate.Signer != signer.Address)
        {
            error = $"certificate: it is signed by {certificate.Signer}, not by {signer.Address}";
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

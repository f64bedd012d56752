using System.Text.Json;
using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Operator.Nitro;

namespace Meeda.Operator.Http;

/// <summary>The methods of the namespace <c>daprovider</c>.</summary>
internal sealed class DaProviderCalls(
    DaProvider provider,
    ChunkedStores chunks,
    BatchOptions options,
    long tenant,
    ILogger logger
)
{
    private const string DaCertificatePreimageType = "3";

    public BatchOptions Options => options;

    /// <summary>Answers one call; failures become error responses.</summary>
    /// <param name="request">The call.</param>
    /// <param name="room">
    /// The memory of the body, which the call releases once it no longer needs the body; null if other calls need it.
    /// </param>
    /// <param name="cancellationToken">Cancelled when the request ends.</param>
    public async Task<DaProviderResult> AnswerAsync(
        JsonRpcRequest request,
        IDisposable? room,
        CancellationToken cancellationToken
    )
    {
        if (request.Fault is { } fault)
        {
            return fault;
        }

        try
        {
            return await CallAsync(request, room, cancellationToken);
        }
        catch (JsonRpcException refused)
        {
            return refused;
        }
        catch (NitroException refused)
        {
            return new JsonRpcException(JsonRpcException.ServerError, refused.Message);
        }
        catch (DaException refused)
        {
            if (refused.Error == DaError.Unavailable)
            {
                logger.CallFailed(request.Method, refused.Message);
            }

            return new JsonRpcException(
                JsonRpcException.ServerError,
                refused.Error switch
                {
                    DaError.FailOver => $"{NitroException.Fallback}: {refused.Message}",
                    DaError.TooLarge => $"{NitroException.TooLarge}: {refused.Message}",
                    _ => refused.Message,
                }
            );
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            logger.RequestFailed("POST", DaProviderEndpoint.Path, failure);
            return new JsonRpcException(
                JsonRpcException.ServerError,
                "service: an internal error, which is in the log; try again"
            );
        }
    }

    private async Task<DaProviderResult> CallAsync(
        JsonRpcRequest request,
        IDisposable? room,
        CancellationToken cancellationToken
    )
    {
        switch (request.Method)
        {
            case "daprovider_getSupportedHeaderBytes":
                return DaProviderResult.Field("headerBytes", [DaCertificate.Flag]);
            case "daprovider_getMaxMessageSize":
                return MaxMessageSize();
            case "daprovider_store":
                EnsureFits(request.ByteCount(0));
                return Certificate(await StoreAsync(request, room, cancellationToken));
            case "daprovider_startChunkedStore":
                return StartChunked(request);
            case "daprovider_sendChunk":
                chunks.Take(tenant, request.Number(0), request.Number(1), request.Bytes(2), request.Bytes(3));
                return (Action<Utf8JsonWriter>)(json => json.WriteNullValue());
            case "daprovider_commitChunkedStore":
                return Certificate(await CommitChunkedAsync(request, cancellationToken));
            case "daprovider_recoverPayload":
                return await RecoverAsync(request, payload: true, preimages: false, cancellationToken);
            case "daprovider_collectPreimages":
                return await RecoverAsync(request, payload: false, preimages: true, cancellationToken);
            case "daprovider_recoverPayloadAndPreimages":
                return await RecoverAsync(request, payload: true, preimages: true, cancellationToken);
            case "daprovider_generateReadPreimageProof":
                return DaProviderResult.Field(
                    "proof",
                    await provider.ProveReadAsync(request.Number(0), request.Bytes(1), cancellationToken)
                );
            case "daprovider_generateCertificateValidityProof":
                return DaProviderResult.Field("proof", provider.ProveValidity(request.Bytes(0)));
            default:
                throw new JsonRpcException(
                    JsonRpcException.MethodNotFound,
                    $"the method {request.Method} does not exist/is not available"
                );
        }
    }

    /// <summary>
    /// Stores the batch of a call. While it waits for the batch's state, neither the body nor its memory is held.
    /// </summary>
    private Task<byte[]> StoreAsync(JsonRpcRequest request, IDisposable? room, CancellationToken cancellationToken)
    {
        byte[] message = request.Bytes(0);
        if (room is not null)
        {
            request.ReleaseBody();
        }

        return provider.StoreAsync(message, room, cancellationToken);
    }

    private DaProviderResult StartChunked(JsonRpcRequest request)
    {
        EnsureFits(request.Number(3));
        ulong batch = chunks.Start(
            tenant,
            request.Number(0),
            request.Number(1),
            request.Number(2),
            request.Number(3),
            request.Number(4),
            request.Bytes(5)
        );
        return DaProviderResult.Field("BatchId", $"0x{batch:x}");
    }

    private Task<byte[]> CommitChunkedAsync(JsonRpcRequest request, CancellationToken cancellationToken) =>
        chunks.CommitAsync(
            tenant,
            request.Number(0),
            request.Bytes(1),
            message => provider.StoreAsync(message, room: null, cancellationToken)
        );

    private DaProviderResult MaxMessageSize() =>
        (Action<Utf8JsonWriter>)(
            json =>
            {
                json.WriteStartObject();
                json.WriteNumber("maxSize", DaCertificate.MaxProvable(options.MaxBatchBytes));
                json.WriteEndObject();
            }
        );

    private static DaProviderResult Certificate(byte[] certificate) =>
        DaProviderResult.Field("serialized-da-cert", certificate);

    private void EnsureFits(decimal bytes)
    {
        if (bytes > options.MaxBatchBytes)
        {
            throw DaProviderEndpoint.TooLarge($"{bytes} bytes are more than {options.MaxBatchBytes} bytes");
        }
    }

    private async Task<DaProviderResult> RecoverAsync(
        JsonRpcRequest request,
        bool payload,
        bool preimages,
        CancellationToken cancellationToken
    )
    {
        request.Number(0);
        request.Bytes(1);
        (DaCertificate certificate, byte[] bytes) = await provider.RecoverAsync(request.Bytes(2), cancellationToken);
        return (Action<Utf8JsonWriter>)(
            json =>
            {
                json.WriteStartObject();
                if (payload)
                {
                    json.WriteBase64String("Payload", bytes);
                }

                if (preimages)
                {
                    json.WriteStartObject("Preimages");
                    json.WriteStartObject(DaCertificatePreimageType);
                    json.WriteBase64String(certificate.Hash.ToString(), bytes);
                    json.WriteEndObject();
                    json.WriteEndObject();
                }

                json.WriteEndObject();
            }
        );
    }
}

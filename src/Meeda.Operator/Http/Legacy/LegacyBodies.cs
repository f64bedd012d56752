using System.Text.Json.Serialization;

namespace Meeda.Operator.Http.Legacy;

/// <summary>The request of <c>/putObject</c>.</summary>
/// <param name="Data">The bytes, hex digits without 0x.</param>
public sealed record PutObjectRequestBody([property: JsonPropertyName("data")] string Data);

/// <summary>The answer to <c>/putObject</c>.</summary>
/// <param name="Id">The batch id, 64 hex digits without 0x.</param>
public sealed record PutObjectBody([property: JsonPropertyName("id")] string Id);

/// <summary>The answer to <c>/getObjectInfo</c>.</summary>
/// <param name="Id">The batch id.</param>
/// <param name="Size">The batch's bytes.</param>
/// <param name="Expiration">
/// When it no longer has to be kept, in Unix seconds, estimated from the remaining blocks; 0 while it is not anchored.
/// </param>
public sealed record ObjectInfoBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("size")] long Size,
    [property: JsonPropertyName("expiration")] long Expiration
);

/// <summary>The answer to <c>/getProofInfo</c>.</summary>
/// <param name="Id">The batch id.</param>
/// <param name="ChosenNumber">The epochs that sampled it. The name on the wire is the predecessor's.</param>
/// <param name="ProvedSuccessNumber">Those of them whose proof is on L1.</param>
public sealed record ProofInfoBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("chooseNuber")] int ChosenNumber,
    [property: JsonPropertyName("provedSuccessNumber")] int ProvedSuccessNumber
);

/// <summary>An error in the predecessor's field names.</summary>
/// <param name="Code">A keyword.</param>
/// <param name="Description">One message.</param>
/// <param name="HttpStatusCode">The status.</param>
public sealed record LegacyErrorBody(
    [property: JsonPropertyName("Code")] string Code,
    [property: JsonPropertyName("Description")] string Description,
    [property: JsonPropertyName("HTTPStatusCode")] int HttpStatusCode
);

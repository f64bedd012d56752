using System.Text.Json;
using System.Text.Json.Serialization;

namespace Meeda.Client;

/// <summary>
/// Problem details (RFC 9457), or <see cref="ErrorBody"/>, whichever the route and the operator's version give.
/// </summary>
internal sealed record ErrorAnswer(string? Detail, string? Code, string? Error);

/// <summary>The JSON of the operator's answers, without reflection: a trimmed program can read it.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(BatchBody))]
[JsonSerializable(typeof(BatchProofBody))]
[JsonSerializable(typeof(CellBody))]
[JsonSerializable(typeof(EpochBody))]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(HistoryBody))]
[JsonSerializable(typeof(OpeningBody))]
[JsonSerializable(typeof(SignInKey))]
[JsonSerializable(typeof(SignInOffer))]
[JsonSerializable(typeof(SignInRequest))]
[JsonSerializable(typeof(StatusBody))]
internal sealed partial class ClientJson : JsonSerializerContext;

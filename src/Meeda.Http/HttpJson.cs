using System.Text.Json;
using System.Text.Json.Serialization;
using Meeda.Client;

namespace Meeda.Http;

/// <summary>The JSON of all services' responses, without reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ApiExample[]))]
[JsonSerializable(typeof(BatchProofBody))]
[JsonSerializable(typeof(DerivationBody))]
[JsonSerializable(typeof(EpochBody))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(HistoryBody))]
[JsonSerializable(typeof(ProblemBody))]
internal sealed partial class HttpJson : JsonSerializerContext;

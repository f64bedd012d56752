using System.Text.Json;
using System.Text.Json.Serialization;
using Meeda.Client;
using Meeda.Operator.Http.Legacy;

namespace Meeda.Operator.Http;

/// <summary>The JSON of the bodies that only an operator uses, without reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(BatchBody))]
[JsonSerializable(typeof(CellBody))]
[JsonSerializable(typeof(LegacyErrorBody))]
[JsonSerializable(typeof(ObjectInfoBody))]
[JsonSerializable(typeof(OpeningBody))]
[JsonSerializable(typeof(ProofInfoBody))]
[JsonSerializable(typeof(PutObjectBody))]
[JsonSerializable(typeof(PutObjectRequestBody))]
[JsonSerializable(typeof(ReadinessBody))]
[JsonSerializable(typeof(SignInKey))]
[JsonSerializable(typeof(SignInOffer))]
[JsonSerializable(typeof(SignInRequest))]
[JsonSerializable(typeof(StatusBody))]
internal sealed partial class OperatorJson : JsonSerializerContext;

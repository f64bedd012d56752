using System.Text.Json;

namespace Meeda.Mefs;

/// <summary>Reads a node's responses.</summary>
internal static class MefsAnswers
{
    /// <summary>A bucket. Members that are zero, false or empty are left out of it.</summary>
    public static BucketInfo Bucket(JsonElement bucket) =>
        new(
            bucket.GetProperty("Name").GetString() ?? throw new JsonException("a bucket without a name"),
            bucket.TryGetProperty("Confirmed", out JsonElement confirmed) && confirmed.GetBoolean(),
            OptionalNumber(bucket, "Length"),
            OptionalNumber(bucket, "UsedBytes"),
            new BucketOptions(
                (int)OptionalNumber(bucket, "Policy"),
                (int)OptionalNumber(bucket, "DataCount"),
                (int)OptionalNumber(bucket, "ParityCount")
            )
        );

    /// <summary>A list of buckets, which may be absent.</summary>
    public static IReadOnlyList<BucketInfo> Buckets(JsonElement buckets) =>
        buckets.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined
            ? []
            : [.. buckets.EnumerateArray().Select(Bucket)];

    /// <summary>An object.</summary>
    /// <exception cref="JsonException">Its state is not understood, or it has no name.</exception>
    public static ObjectInfo Object(JsonElement value)
    {
        bool isCid =
            value.TryGetProperty("MD5", out JsonElement etag)
            && etag.ValueKind == JsonValueKind.String
            && ContentId.TryDecode(etag.GetBytesFromBase64(), out _);
        ObjectState state = default;
        if (
            value.TryGetProperty("State", out JsonElement text)
            && text.GetString() is { Length: > 0 } words
            && !ObjectState.TryParse(words, out state)
        )
        {
            throw new JsonException("an object's state is not understood");
        }

        return new ObjectInfo(
            value.GetProperty("Name").GetString() ?? throw new JsonException("an object without a name"),
            OptionalNumber(value, "Size"),
            OptionalNumber(value, "StoredBytes"),
            isCid && ContentId.TryDecode(etag.GetBytesFromBase64(), out ContentId id) ? id : null,
            state
        );
    }

    /// <summary>A page of a listing.</summary>
    public static ObjectPage Page(JsonElement page) =>
        new(
            page.TryGetProperty("Objects", out JsonElement objects) && objects.ValueKind == JsonValueKind.Array
                ? [.. objects.EnumerateArray().Select(Object)]
                : [],
            page.GetProperty("IsTruncated").GetBoolean() ? page.GetProperty("NextMarker").GetString() : null
        );

    private static long OptionalNumber(JsonElement value, string name) =>
        value.TryGetProperty(name, out JsonElement number) ? number.GetInt64() : 0;
}

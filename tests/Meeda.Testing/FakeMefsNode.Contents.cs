using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Meeda.Testing;

/// <summary>The node's objects and their descriptions.</summary>
public sealed partial class FakeMefsNode
{
    private const int ChunkLength = 248 * 1024;
    private const int Chunks = 10;

    private static byte[] Spoil(byte[] content, MefsFault? fault)
    {
        switch (fault)
        {
            case MefsFault.Corrupt:
                content = [.. content];
                content[content.Length / 2] ^= 0x10;
                return content;
            case MefsFault.Truncate:
                return content[..^1];
            case MefsFault.Duplicate:
                return [.. content, .. content];
            default:
                return content;
        }
    }

    private sealed class Incoming
    {
        public TaskCompletionSource<byte[]> Content { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Bucket(string name, int number, JsonObject options)
    {
        public string Name => name;

        public int Number => number;

        public int Looks { get; set; }

        public ConcurrentDictionary<string, Entry> Objects { get; } = new();

        public Entry Find(string entry) =>
            Objects.TryGetValue(entry, out Entry? found) ? found : throw new NodeError($"object {entry} not exist");

        public JsonObject Describe(bool look)
        {
            bool confirmed = Looks == 0;
            Looks = look && Looks > 0 ? Looks - 1 : Looks;
            var info = (JsonObject)options.DeepClone();
            info[nameof(Name)] = name;
            info["Confirmed"] = confirmed;
            if (number > 0)
            {
                info["BucketID"] = number; // left out where it is zero
            }

            if (!Objects.IsEmpty)
            {
                info["Length"] = Objects.Values.Sum(entry => entry.Content.Length);
            }

            return info;
        }
    }

    private sealed class Entry(string name, byte[] content)
    {
        public string Name => name;

        public byte[] Content { get; set; } = content;

        public int Looks { get; set; }

        public JsonObject Describe(bool look, bool confirms)
        {
            int sent = Looks == 0 ? Chunks : 0;
            int confirmed = confirms ? sent : 0;
            Looks = look && Looks > 0 ? Looks - 1 : Looks;
            return new JsonObject
            {
                [nameof(Name)] = name,
                ["Size"] = Content.Length,
                ["StoredBytes"] = Content.Length * 2,
                ["MD5"] = Convert.ToBase64String(Etag(Content)),
                ["State"] = $"total: {Chunks}, dispatch: {Chunks}, sent: {sent}, confirm: {confirmed}",
            };
        }

        // Written for this fake from the description, for up to 174 chunks, so that the client's is checked against
        // another.
        private static byte[] Etag(byte[] content)
        {
            byte[][] leaves =
            [
                .. content.Chunk(ChunkLength).Select(chunk => (byte[])[1, 0x55, 0x12, 0x20, .. SHA256.HashData(chunk)]),
            ];
            if (leaves.Length == 1)
            {
                return leaves[0];
            }

            if (leaves.Length > 173)
            {
                throw new NodeError("out of object size");
            }

            int LengthOf(int leaf) => Math.Min(ChunkLength, content.Length - (leaf * ChunkLength));
            byte[] links =
            [
                .. leaves.SelectMany(
                    (leaf, i) =>
                    {
                        byte[] link = [0x0a, 36, .. leaf, 0x12, 0, 0x18, .. Varint(LengthOf(i))];
                        return (byte[])[0x12, .. Varint(link.Length), .. link];
                    }
                ),
            ];
            byte[] data =
                content.Length == 0
                    ? [8, 2]
                    :
                    [
                        8,
                        2,
                        0x18,
                        .. Varint(content.Length),
                        .. leaves.SelectMany((_, i) => (byte[])[0x20, .. Varint(LengthOf(i))]),
                    ];
            return [1, 0x70, 0x12, 0x20, .. SHA256.HashData([.. links, 0x0a, .. Varint(data.Length), .. data])];
        }

        private static byte[] Varint(int value) =>
            value < 0x80 ? [(byte)value] : [(byte)(value | 0x80), .. Varint(value >> 7)];
    }
}

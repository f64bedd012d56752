using System.Text.RegularExpressions;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Folders;

/// <content>
/// The labels of batches, a file beside their rows for each: they say what the rows are to a ledger that does not know
/// them.
/// </content>
internal sealed partial class FolderProvider
{
    private const string LabelSuffix = ".label";

    /// <inheritdoc/>
    public Task WriteAsync(
        BatchId id,
        int row,
        ReadOnlyMemory<byte> blob,
        ReadOnlyMemory<byte> label,
        CancellationToken cancellationToken
    )
    {
        Task writing = WriteAsync(id, row, blob, cancellationToken);
        return !writing.IsCompletedSuccessfully || label.IsEmpty
            ? writing
            : Block(() =>
            {
                string path = LabelPathOf(id);
                if (!Holds(path, label.Span))
                {
                    DurableFile.WriteLazily(path, label.Span);
                }

                return true;
            });
    }

    /// <summary>
    /// The batches that have a label here, in no order. Blocks for as long as it takes to list the folder.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be listed.</exception>
    public IEnumerable<BatchId> Labelled() =>
        new DirectoryInfo(folder)
            .EnumerateDirectories("??", NoLinks)
            .Where(spread => SpreadName().IsMatch(spread.Name))
            .SelectMany(spread => spread.EnumerateFiles($"*{LabelSuffix}", NoLinks))
            .Where(file => LabelName().IsMatch(file.Name))
            .Select(file => new BatchId(Bytes32.FromBytes(Convert.FromHexString(file.Name[..^LabelSuffix.Length]))));

    /// <summary>The label of a batch; null where none is here.</summary>
    /// <exception cref="IOException">It cannot be read now.</exception>
    public Task<byte[]?> ReadLabelAsync(BatchId id) =>
        Block(() =>
        {
            try
            {
                return File.ReadAllBytes(LabelPathOf(id));
            }
            catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
            {
                return null;
            }
        });

    private static bool Holds(string path, ReadOnlySpan<byte> label)
    {
        var file = new FileInfo(path);
        return file.Exists && file.Length == label.Length && File.ReadAllBytes(path).AsSpan().SequenceEqual(label);
    }

    [GeneratedRegex("^[0-9a-f]{64}\\.label$")]
    private static partial Regex LabelName();

    private string LabelPathOf(BatchId id)
    {
        string name = id.ToString()[2..];
        return Path.Combine(folder, name[..2], name + LabelSuffix);
    }
}

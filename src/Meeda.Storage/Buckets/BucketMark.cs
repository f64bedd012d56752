using System.Text;

namespace Meeda.Storage.Buckets;

/// <summary>
/// The object of a bucket (or of a prefix in it) that says whose it is: one line, padded with blanks, so that it can
/// be read without knowing its length. Where another operator's
/// stands, nothing is put beside it.
/// </summary>
/// <param name="store">The bucket.</param>
/// <param name="owner">The owner's line, at most <see cref="Length"/> bytes of ASCII.</param>
internal sealed class BucketMark(IObjectStore store, string owner)
{
    /// <summary>The object's name.</summary>
    public const string ObjectName = "operator.txt";

    /// <summary>The object's bytes.</summary>
    public const int Length = 256;

    private volatile bool _isOurs;

    /// <summary>Compares the mark, where there is one.</summary>
    /// <returns>The owner, if the bucket belongs to another operator; null if it is this operator's or
    /// unmarked.</returns>
    /// <exception cref="IOException">The bucket cannot be asked now.</exception>
    public async Task<string?> FindOtherAsync(CancellationToken cancellationToken)
    {
        if (_isOurs)
        {
            return null;
        }

        string? found = await ReadAsync(cancellationToken);
        _isOurs = found == owner;
        return _isOurs ? null : found;
    }

    /// <summary>Marks the bucket before the first put, where it has no mark.</summary>
    /// <exception cref="IOException">It is another's, or cannot be marked now.</exception>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (_isOurs)
        {
            return;
        }

        if (await ReadAsync(cancellationToken) is null)
        {
            await store.PutAsync(ObjectName, Encoding.ASCII.GetBytes(owner.PadRight(Length)), cancellationToken);
        }

        // Read again: of two operators that begin together, one has written over the other's.
        if (await FindOtherAsync(cancellationToken) is { } other)
        {
            throw new IOException(
                $"{store.Name}: it belongs to {other}, and this operator is {owner}; nothing is put there"
            );
        }
    }

    private async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        var content = new byte[Length];
        return
            await store.ReadAsync(ObjectName, 0, content, cancellationToken)
            && Encoding.ASCII.GetString(content).TrimEnd() is { Length: > 0 } line
            ? line
            : null;
    }
}

using System.Runtime.CompilerServices;
using Meeda.Mefs;

namespace Meeda.Storage.Buckets;

/// <summary>
/// Objects in a bucket of a MEFS user node, unencrypted. Durable means that the node has an object: it keeps its own
/// copy until storage providers have confirmed theirs.
/// </summary>
/// <param name="client">The node's client.</param>
/// <param name="node">Where the node listens.</param>
/// <param name="bucket">A bucket, created if it does not exist.</param>
internal sealed class MefsStore(MefsClient client, Uri node, string bucket) : IObjectStore
{
    // Objects do not share stripes: whatever fills one whole costs no more than a byte of it.
    private static readonly BucketOptions Policy = BucketOptions.Default;

    // A bucket is confirmed within minutes; a batch that waits for longer is better refused.
    private static readonly TimeSpan BucketLimit = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public string Name => $"mefs:{node.Authority}/{bucket}";

    /// <inheritdoc/>
    public int ObjectBytes => Policy.StripeBytes;

    /// <inheritdoc/>
    public long OccupiedBytes(long contentBytes) => Policy.OccupiedBytes(contentBytes);

    /// <inheritdoc/>
    public Task PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        TellAsync(async () =>
        {
            try
            {
                await SendAsync(name, content, cancellationToken);
            }
            catch (MefsException absent) when (absent.Error == MefsError.BucketAbsent)
            {
                await CreateBucketAsync(cancellationToken);
                await SendAsync(name, content, cancellationToken);
            }
            catch (MefsException taken) when (taken.Error == MefsError.ObjectExists)
            {
                await ReplaceAsync(name, content, cancellationToken);
            }

            return true;
        });

    /// <inheritdoc/>
    public Task<bool> ReadAsync(string name, long offset, Memory<byte> content, CancellationToken cancellationToken) =>
        TellAsync(async () =>
        {
            try
            {
                (await client.GetRangeAsync(bucket, name, offset, content.Length, cancellationToken)).CopyTo(content);
                return true;
            }
            catch (MefsException missing)
                when (IsAbsent(missing) || missing.Error is MefsError.BadAnswer or MefsError.OutOfRange)
            {
                return false;
            }
        });

    /// <inheritdoc/>
    public Task<bool> IsConfirmedAsync(string name, CancellationToken cancellationToken) =>
        TellAsync(async () =>
        {
            try
            {
                return (await client.HeadAsync(bucket, name, cancellationToken)).State.IsConfirmed;
            }
            catch (MefsException missing) when (IsAbsent(missing))
            {
                return false;
            }
        });

    /// <inheritdoc/>
    public Task DeleteAsync(string name, CancellationToken cancellationToken) =>
        TellAsync(async () =>
        {
            try
            {
                await client.DeleteAsync(bucket, name, cancellationToken);
                return true;
            }
            catch (MefsException missing) when (IsAbsent(missing))
            {
                return false;
            }
        });

    /// <inheritdoc/>
    public async IAsyncEnumerable<ListedObject> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (string? marker = ""; marker is not null; )
        {
            ObjectPage page = await TellAsync(async () =>
            {
                try
                {
                    return await client.ListAsync(bucket, "", marker, cancellationToken);
                }
                catch (MefsException missing) when (IsAbsent(missing))
                {
                    return new ObjectPage([], NextMarker: null);
                }
            });
            foreach (ObjectInfo found in page.Objects)
            {
                yield return new ListedObject(found.Name, found.Size);
            }

            marker = page.NextMarker;
        }
    }

    private static bool IsAbsent(MefsException failure) =>
        failure.Error is MefsError.ObjectAbsent or MefsError.BucketAbsent;

    private async Task<T> TellAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (MefsException failure)
        {
            throw new IOException($"{Name}: {failure.Message}", failure);
        }
    }

    private async Task CreateBucketAsync(CancellationToken cancellationToken)
    {
        try
        {
            await client.CreateBucketAsync(bucket, Policy, cancellationToken);
        }
        catch (MefsException raced) when (raced.Error == MefsError.BucketExists)
        {
            // Another party was faster.
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(BucketLimit);
        try
        {
            await client.WaitForBucketAsync(bucket, TimeSpan.FromSeconds(1), limit.Token);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException(
                $"{Name}: the bucket is still not confirmed after {BucketLimit.TotalMinutes:0} minutes",
                late
            );
        }
    }

    /// <summary>
    /// The name exists: with the same content, with the remains of a failed put, or with a damaged object.
    /// </summary>
    private async Task ReplaceAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        ObjectInfo found = await client.HeadAsync(bucket, name, cancellationToken);
        if (
            found.ContentId == ContentId.Compute(content.Span)
            && await ReadsBackAsync(name, content, cancellationToken)
        )
        {
            return;
        }

        await client.DeleteAsync(bucket, name, cancellationToken);
        await SendAsync(name, content, cancellationToken);
    }

    private async Task<bool> ReadsBackAsync(
        string name,
        ReadOnlyMemory<byte> content,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await client.GetAsync(bucket, name, ContentId.Compute(content.Span), content.Length, cancellationToken);
            return true;
        }
        catch (MefsException damaged)
            when (damaged.Error is MefsError.WrongContent or MefsError.BadAnswer or MefsError.TooFewChunks)
        {
            return false;
        }
    }

    private async Task SendAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(content.ToArray(), writable: false);
        await client.PutAsync(bucket, name, stream, cancellationToken);
    }
}

using System.Globalization;
using Meeda.Kzg.Commitments;
using Meeda.Mefs;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Storage;

/// <summary>
/// Rows in a bucket of a MEFS user node, an object a row, unencrypted. Durable means that the node has it: it keeps its own copy until storage providers
/// have confirmed theirs.
/// </summary>
/// <param name="client">The node's client.</param>
/// <param name="bucket">A bucket, made if it is absent.</param>
internal sealed class MefsProvider(MefsClient client, string bucket) : IRowProvider
{
    // A small object costs a whole stripe under Reed-Solomon and 253952 bytes a copy under replication.
    private static readonly BucketOptions Policy = BucketOptions.Replicas(3);

    // A bucket is confirmed within minutes; a batch that waits for longer is better refused.
    private static readonly TimeSpan BucketLimit = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public string Name => $"mefs:{bucket}";

    /// <inheritdoc/>
    public async Task WriteAsync(BatchId id, int row, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken)
    {
        string name = NameOf(id, row);
        try
        {
            try
            {
                await PutAsync(name, blob, cancellationToken);
            }
            catch (MefsException absent) when (absent.Error == MefsError.BucketAbsent)
            {
                await CreateBucketAsync(cancellationToken);
                await PutAsync(name, blob, cancellationToken);
            }
            catch (MefsException taken) when (taken.Error == MefsError.ObjectExists)
            {
                await ReplaceAsync(name, blob, cancellationToken);
            }
        }
        catch (MefsException failure)
        {
            throw new IOException($"{Name}: {failure.Message}", failure);
        }
    }

    /// <inheritdoc/>
    public Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask; // The node's answer to a put comes after its own.

    /// <inheritdoc/>
    public async Task<bool> ReadAsync(BatchId id, int row, Memory<byte> blob, CancellationToken cancellationToken)
    {
        try
        {
            (await client.GetRangeAsync(bucket, NameOf(id, row), start: 0, Blob.ByteLength, cancellationToken)).CopyTo(blob);
            return true;
        }
        catch (MefsException missing) when (missing.Error is MefsError.ObjectAbsent or MefsError.BucketAbsent or MefsError.BadAnswer)
        {
            return false;
        }
        catch (MefsException failure)
        {
            throw new IOException($"{Name}: {failure.Message}", failure);
        }
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(BatchId id, int row, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteAsync(bucket, NameOf(id, row), cancellationToken);
        }
        catch (MefsException missing) when (missing.Error is MefsError.ObjectAbsent or MefsError.BucketAbsent)
        {
            // Then it is not here.
        }
        catch (MefsException failure)
        {
            throw new IOException($"{Name}: {failure.Message}", failure);
        }
    }

    private static string NameOf(BatchId id, int row) => string.Create(CultureInfo.InvariantCulture, $"{id.ToString()[2..]}.{row}");

    private async Task CreateBucketAsync(CancellationToken cancellationToken)
    {
        try
        {
            await client.CreateBucketAsync(bucket, Policy, cancellationToken);
        }
        catch (MefsException raced) when (raced.Error == MefsError.BucketExists)
        {
            // Somebody else was faster.
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(BucketLimit);
        try
        {
            await client.WaitForBucketAsync(bucket, TimeSpan.FromSeconds(1), limit.Token);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"{Name}: the bucket is still not confirmed after {BucketLimit.TotalMinutes:0} minutes", late);
        }
    }

    /// <summary>The name is taken: by the same row, or by what a failed put left or somebody damaged.</summary>
    private async Task ReplaceAsync(string name, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken)
    {
        ObjectInfo found = await client.HeadAsync(bucket, name, cancellationToken);
        if (found.ContentId == ContentId.Compute(blob.Span) && await ReadsBackAsync(name, blob, cancellationToken))
        {
            return;
        }

        await client.DeleteAsync(bucket, name, cancellationToken);
        await PutAsync(name, blob, cancellationToken);
    }

    private async Task<bool> ReadsBackAsync(string name, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken)
    {
        try
        {
            await client.GetAsync(bucket, name, ContentId.Compute(blob.Span), blob.Length, cancellationToken);
            return true;
        }
        catch (MefsException damaged) when (damaged.Error is MefsError.WrongContent or MefsError.BadAnswer or MefsError.TooFewChunks)
        {
            return false;
        }
    }

    private async Task PutAsync(string name, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream(blob.ToArray(), writable: false);
        await client.PutAsync(bucket, name, content, cancellationToken);
    }
}

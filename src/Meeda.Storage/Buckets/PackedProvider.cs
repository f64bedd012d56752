using System.Data.Common;
using System.Globalization;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Meeda.Storage.Redundancy;

namespace Meeda.Storage.Buckets;

/// <summary>
/// Rows of many batches in the objects of a bucket, as many in each as it should hold; which row is where stands in
/// the ledger. What is written lies in memory until an object is full,
/// or until the flush: rows that are flushed together share objects. An object's name is never used twice, so that
/// what a failed put leaves is in no one's way.
/// </summary>
/// <param name="store">The bucket, disposed of with this.</param>
/// <param name="index">The index.</param>
/// <param name="deadline">The maximum time that one call may take, and the upload of an object; by default <see
/// cref="StorageOptions.BucketDeadline"/>'s default.</param>
internal sealed partial class PackedProvider(IObjectStore store, IPackIndex index, TimeSpan? deadline = null)
    : IRowProvider,
        IDisposable
{
    private const int PageLength = 64;

    // Requests wait for the network, not for a disk.
    private const int ReadsAtOnce = 16;
    private const int WritesAtOnce = 4;

    // Uploads outlive the call that began them, so that they have a token and a limit of their own.
    private readonly CancellationTokenSource _over = new();

    // While one object is uploaded the next is filled; more would only use memory.
    private readonly SemaphoreSlim _uploadSlots = new(2);
    private readonly Lock _gate = new();
    private readonly List<Task> _sent = [];
    private readonly HashSet<string> _onTheirWay = new(StringComparer.Ordinal);
    private OpenPack? _open;
    private BucketMark? _mark;

    /// <inheritdoc/>
    public string Name => store.Name;

    /// <inheritdoc/>
    public ProviderLimits Limits { get; } = new(deadline ?? TimeSpan.FromMinutes(2), ReadsAtOnce, WritesAtOnce);

    /// <inheritdoc/>
    /// <remarks>
    /// A row that is stored intact stays where it is: another copy would waste space.
    /// </remarks>
    public Task WriteAsync(BatchId id, int row, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken) =>
        WriteAsync(id, row, blob, ReadOnlyMemory<byte>.Empty, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>A row that is stored intact stays where it is, with the label that it has there.</remarks>
    public async Task WriteAsync(
        BatchId id,
        int row,
        ReadOnlyMemory<byte> blob,
        ReadOnlyMemory<byte> label,
        CancellationToken cancellationToken
    )
    {
        if (await HoldsAsync(id, row, blob, cancellationToken))
        {
            return;
        }

        OpenPack? full = null;
        lock (_gate)
        {
            _open ??= new OpenPack(store.ObjectBytes / Blob.ByteLength);
            _open.Add(id, row, blob.Span, label.Span);
            if (_open.IsFull)
            {
                (full, _open) = (_open, null);
            }
        }

        if (full is not null)
        {
            await SendAsync(full, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        OpenPack? last;
        lock (_gate)
        {
            (last, _open) = (_open, null);
        }

        if (last is not null)
        {
            await SendAsync(last, cancellationToken);
        }

        Task[] sent;
        lock (_gate)
        {
            sent = [.. _sent];
            _sent.Clear();
        }

        try
        {
            await Task.WhenAll(sent).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException abandoned) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"{Name}: rows that were written before were abandoned", abandoned);
        }
    }

    /// <inheritdoc/>
    public async Task<bool> ReadAsync(BatchId id, int row, Memory<byte> blob, CancellationToken cancellationToken)
    {
        try
        {
            return await index.FindPackedRowAsync(Name, id, row, cancellationToken) is { } place
                && await store.ReadAsync(place.ObjectName, place.Offset, blob[..Blob.ByteLength], cancellationToken);
        }
        catch (DbException failure)
        {
            throw new IOException($"{Name}: the index cannot be read: {failure.Message}", failure);
        }
    }

    /// <summary>
    /// Forgets where the rows are; an object goes when it holds none any more (<see cref="RunAsync"/>).
    /// </summary>
    public Task DeleteAsync(BatchId id, int rows, CancellationToken cancellationToken) =>
        index.DeletePackedRowsAsync(Name, id, cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> ProbeAsync(CancellationToken cancellationToken)
    {
        await store.ProbeAsync(cancellationToken);
        return false;
    }

    /// <summary>
    /// Says whose the bucket is to be. It is marked before the first put; where it is another's already, nothing is
    /// put there.
    /// </summary>
    /// <param name="owner">The owner's line.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <returns>The owner, if the bucket belongs to another operator; null if it is this operator's or
    /// unmarked.</returns>
    /// <exception cref="IOException">The bucket cannot be asked now.</exception>
    public Task<string?> BelongToAsync(string owner, CancellationToken cancellationToken)
    {
        _mark = new BucketMark(store, owner);
        return _mark.FindOtherAsync(cancellationToken);
    }

    /// <summary>
    /// Probes the store once before use and returns a note for the operator; null if there is none.
    /// </summary>
    /// <exception cref="IOException">The store cannot be asked now.</exception>
    public Task<string?> CheckAsync(CancellationToken cancellationToken) => store.CheckAsync(cancellationToken);

    /// <summary>
    /// Asks whether stored objects are confirmed, and deletes those that hold no row: their batches are gone, or
    /// their put never ended.
    /// </summary>
    /// <returns>How many were confirmed.</returns>
    /// <exception cref="IOException">The store cannot be asked now.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        int confirmed = 0;
        await ForEachAsync(
            index.UnconfirmedPacksAsync,
            async pack =>
            {
                if (await store.IsConfirmedAsync(pack.ObjectName, cancellationToken))
                {
                    await index.MarkPackConfirmedAsync(pack.Sequence, cancellationToken);
                    confirmed++;
                }
            }
        );
        await ForEachAsync(
            index.EmptyPacksAsync,
            async pack =>
            {
                if (!IsOnItsWay(pack.ObjectName) && await index.GiveUpPackAsync(pack.Sequence, cancellationToken))
                {
                    await store.DeleteAsync(pack.ObjectName, cancellationToken);
                    await index.ForgetPackAsync(pack.Sequence, cancellationToken);
                }
            }
        );
        return confirmed;

        async Task ForEachAsync(
            Func<string, long, int, CancellationToken, Task<IReadOnlyList<StoredPack>>> page,
            Func<StoredPack, Task> see
        )
        {
            for (
                long last = 0;
                await page(Name, last, PageLength, cancellationToken) is { Count: > 0 } packs;
                last = packs[^1].Sequence
            )
            {
                foreach (StoredPack pack in packs)
                {
                    await see(pack);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _over.Cancel();
        _over.Dispose();
        _uploadSlots.Dispose();
        _open?.Dispose();
        (store as IDisposable)?.Dispose();
    }

    private bool IsOnItsWay(string objectName)
    {
        lock (_gate)
        {
            return _onTheirWay.Contains(objectName);
        }
    }

    /// <summary>
    /// Starts an upload and waits only for a free upload slot; the flush reports the outcome.
    /// </summary>
    private async Task SendAsync(OpenPack pack, CancellationToken cancellationToken)
    {
        await _uploadSlots.WaitAsync(cancellationToken);
        Task sending = PutAsync(pack);
        lock (_gate)
        {
            _sent.Add(sending);
        }
    }

    private async Task PutAsync(OpenPack pack)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
        limit.CancelAfter(Limits.Deadline);
        CancellationToken cancellationToken = limit.Token;
        string objectName = Guid.CreateVersion7().ToString("n", CultureInfo.InvariantCulture) + PackSuffix;
        try
        {
            lock (_gate)
            {
                _onTheirWay.Add(objectName);
            }

            ReadOnlyMemory<byte> content = pack.Close();
            await (_mark?.EnsureAsync(cancellationToken) ?? Task.CompletedTask);
            long sequence = await index.BeginPackAsync(
                Name,
                objectName,
                store.OccupiedBytes(content.Length),
                cancellationToken
            );
            await store.PutAsync(objectName, content, cancellationToken);
            await index.EndPackAsync(sequence, Name, pack.Rows, cancellationToken);
        }
        finally
        {
            lock (_gate)
            {
                _onTheirWay.Remove(objectName);
            }

            pack.Dispose();
            _uploadSlots.Release();
        }
    }
}

using System.Data.Common;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Buckets;

/// <summary>An object with rows.</summary>
/// <param name="Sequence">Its number here.</param>
/// <param name="ObjectName">Its name in its store.</param>
internal readonly record struct StoredPack(long Sequence, string ObjectName);

/// <summary>Where a row is in an object.</summary>
/// <param name="Batch">Its batch.</param>
/// <param name="Row">Its number.</param>
/// <param name="Offset">The first of its bytes.</param>
internal readonly record struct PackedRow(BatchId Batch, int Row, long Offset);

/// <summary>
/// Which row is in which object of a bucket. The operator's ledger is one; every write throws
/// <see cref="Hosting.LeaseLostException"/>
/// where another operator leads by now.
/// </summary>
internal interface IPackIndex
{
    /// <summary>
    /// Notes the name of an object that is about to be put, so that it is found should nothing come of it.
    /// </summary>
    /// <param name="store">Its store.</param>
    /// <param name="objectName">Its name.</param>
    /// <param name="occupied">The bytes that it occupies there, the store's own copies and padding included.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Its number.</returns>
    Task<long> BeginPackAsync(string store, string objectName, long occupied, CancellationToken cancellationToken);

    /// <summary>
    /// Records the rows of a stored object; each replaces an earlier one of the same number in
    /// the same store.
    /// </summary>
    /// <param name="sequence">The object's number.</param>
    /// <param name="store">Its store.</param>
    /// <param name="rows">Its rows in their order, each a blob long.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="IOException">The object was abandoned in the meantime.</exception>
    Task EndPackAsync(
        long sequence,
        string store,
        IReadOnlyList<(BatchId Batch, int Row)> rows,
        CancellationToken cancellationToken
    );

    /// <summary>Where a row is in a store; null where it is not there.</summary>
    /// <exception cref="DbException">The index cannot be read.</exception>
    Task<(string ObjectName, long Offset)?> FindPackedRowAsync(
        string store,
        BatchId batch,
        int row,
        CancellationToken cancellationToken
    );

    /// <summary>Forgets the rows of a batch in a store.</summary>
    Task DeletePackedRowsAsync(string store, BatchId batch, CancellationToken cancellationToken);

    /// <summary>
    /// The names of a store's objects that hold rows by this index, or are given up; not those that were on their way
    /// when it was last written.
    /// </summary>
    Task<IReadOnlySet<string>> KnownPacksAsync(string store, CancellationToken cancellationToken);

    /// <summary>
    /// Takes an object that is there already, with its rows; a row that the index knows elsewhere in that store stays
    /// where it is.
    /// </summary>
    /// <param name="store">Its store.</param>
    /// <param name="objectName">Its name.</param>
    /// <param name="occupied">The bytes that it occupies there.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task AdoptPackAsync(
        string store,
        string objectName,
        long occupied,
        IReadOnlyList<PackedRow> rows,
        CancellationToken cancellationToken
    );

    /// <summary>Objects that are stored and not confirmed, after a sequence number, oldest first.</summary>
    Task<IReadOnlyList<StoredPack>> UnconfirmedPacksAsync(
        string store,
        long after,
        int count,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Objects that hold no row: those still on their way, and those that are not needed any more; oldest first.
    /// </summary>
    Task<IReadOnlyList<StoredPack>> EmptyPacksAsync(
        string store,
        long after,
        int count,
        CancellationToken cancellationToken
    );

    /// <summary>Records that the store has finished replicating an object.</summary>
    Task MarkPackConfirmedAsync(long sequence, CancellationToken cancellationToken);

    /// <summary>Gives an object up that holds no row, so that none is added later.</summary>
    /// <returns>Whether it was.</returns>
    Task<bool> GiveUpPackAsync(long sequence, CancellationToken cancellationToken);

    /// <summary>Forgets a given-up object that is deleted.</summary>
    Task ForgetPackAsync(long sequence, CancellationToken cancellationToken);

    /// <summary>The stores that have rows in the index.</summary>
    Task<IReadOnlyList<string>> PackStoresAsync(CancellationToken cancellationToken);

    /// <summary>Gives a store another name, or forgets its rows where that is empty.</summary>
    Task RenamePackStoreAsync(string store, string name, CancellationToken cancellationToken);
}

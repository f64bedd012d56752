namespace Meeda.Storage.Buckets;

/// <summary>
/// A bucket of named objects, which packs of rows are put into. Names are given once: an object is never replaced by
/// other content.
/// </summary>
internal interface IObjectStore
{
    /// <summary>The store's name in logs, without credentials.</summary>
    string Name { get; }

    /// <summary>
    /// Preferred object size in bytes. Larger objects are no cheaper per byte; smaller ones waste padding.
    /// </summary>
    int ObjectBytes { get; }

    /// <summary>
    /// The bytes that the store occupies for an object of that length, its own copies and padding included.
    /// </summary>
    long OccupiedBytes(long contentBytes);

    /// <summary>
    /// Stores an object and returns when the store has it durably by its own promise, checked against what the store
    /// says it has. An object of that name with this very content
    /// is left alone; one with other content is what a failed put left, or damage, and is replaced.
    /// </summary>
    /// <exception cref="IOException">It may not be there.</exception>
    Task PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Reads bytes of an object; false where it is absent or too short.</summary>
    /// <exception cref="IOException">The store cannot tell now whether it has the object.</exception>
    Task<bool> ReadAsync(string name, long offset, Memory<byte> content, CancellationToken cancellationToken);

    /// <summary>
    /// Whether the store has finished replicating the object; false while replication is pending or the object does not
    /// exist.
    /// </summary>
    /// <exception cref="IOException">The store cannot tell now.</exception>
    Task<bool> IsConfirmedAsync(string name, CancellationToken cancellationToken);

    /// <summary>Deletes an object, where it is here.</summary>
    /// <exception cref="IOException">It may still be here.</exception>
    Task DeleteAsync(string name, CancellationToken cancellationToken);

    /// <summary>Every object of the bucket, or of the prefix in it that is meant, in no order.</summary>
    /// <exception cref="IOException">The store cannot list them now.</exception>
    IAsyncEnumerable<ListedObject> ListAsync(CancellationToken cancellationToken);

    /// <summary>Asks whether the store answers.</summary>
    /// <exception cref="IOException">It does not.</exception>
    Task ProbeAsync(CancellationToken cancellationToken) => IsConfirmedAsync("probe", cancellationToken);

    /// <summary>
    /// Probes the store's features and returns a note for the operator; null if there is none.
    /// </summary>
    /// <exception cref="IOException">It cannot be tried now.</exception>
    Task<string?> CheckAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);
}

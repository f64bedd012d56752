namespace Meeda.Storage.Buckets;

/// <summary>
/// A bucket of named objects, which packs of rows are put into. Names are given once: an object is never replaced by
/// other content.
/// </summary>
internal interface IObjectStore
{
    /// <summary>What operators call it, in logs; without credentials.</summary>
    string Name { get; }

    /// <summary>
    /// The most bytes that an object should have: more cost nothing less, fewer waste what the store rounds up to.
    /// </summary>
    int ObjectBytes { get; }

    /// <summary>
    /// What the store occupies for an object of that many bytes, all copies and padding of its own included.
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
    /// <exception cref="IOException">Whether it is here cannot be told now.</exception>
    Task<bool> ReadAsync(string name, long offset, Memory<byte> content, CancellationToken cancellationToken);

    /// <summary>
    /// Whether the store has finished replicating the object; false while replication is pending or the object does not
    /// exist.
    /// </summary>
    /// <exception cref="IOException">That cannot be told now.</exception>
    Task<bool> IsConfirmedAsync(string name, CancellationToken cancellationToken);

    /// <summary>Deletes an object, where it is here.</summary>
    /// <exception cref="IOException">It may still be here.</exception>
    Task DeleteAsync(string name, CancellationToken cancellationToken);

    /// <summary>Asks whether the store answers.</summary>
    /// <exception cref="IOException">It does not.</exception>
    Task ProbeAsync(CancellationToken cancellationToken) => IsConfirmedAsync("probe", cancellationToken);

    /// <summary>
    /// Tries what the store can do, and tells what an operator should know of it; null where there is nothing.
    /// </summary>
    /// <exception cref="IOException">It cannot be tried now.</exception>
    Task<string?> CheckAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);
}

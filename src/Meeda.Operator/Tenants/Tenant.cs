namespace Meeda.Operator.Tenants;

/// <summary>What a key allows.</summary>
[Flags]
public enum TenantScopes
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Reading batches and what is known of them.</summary>
    Read = 1,

    /// <summary>Storing batches.</summary>
    Write = 2,

    /// <summary>All that the other two allow, and renewing other tenants' batches.</summary>
    Admin = 4,
}

/// <summary>Who uses the service, and how much of it.</summary>
/// <param name="Id">Its number: what logs and errors call it by.</param>
/// <param name="Name">What the operator calls it.</param>
/// <param name="Scopes">What its key allows.</param>
/// <param name="Quota">How much it may use.</param>
/// <param name="Usage">How much it has used.</param>
/// <param name="CreatedAt">When the key was made.</param>
/// <param name="RevokedAt">When it was revoked, or null.</param>
public sealed record Tenant(
    long Id,
    string Name,
    TenantScopes Scopes,
    TenantQuota Quota,
    TenantUsage Usage,
    DateTimeOffset CreatedAt,
    DateTimeOffset? RevokedAt
);

/// <summary>How much a tenant may use; 0 is any number, except for requests in flight.</summary>
/// <param name="Bytes">Bytes of requests' bodies in all.</param>
/// <param name="RequestsPerSecond">Requests a second, as many of them at once.</param>
/// <param name="Concurrency">Requests in flight at once, at least 1.</param>
public sealed record TenantQuota(long Bytes, int RequestsPerSecond, int Concurrency)
{
    /// <summary>Bytes on the providers' disks at once, parity rows included.</summary>
    public long Disk { get; init; }

    /// <summary>Blobs anchored in all: those of new batches, and again with each renewal.</summary>
    public long Blobs { get; init; }

    /// <summary>Renewals in all, also by putting a batch again whose anchor expires.</summary>
    public long Renewals { get; init; }

    /// <summary>Bytes of batches read in all.</summary>
    public long Reads { get; init; }

    /// <summary>What of this is used up if some more is used; null for nothing.</summary>
    /// <param name="used">What was used before.</param>
    /// <param name="more">What is used in addition.</param>
    internal string? Exceeded(TenantUsage used, TenantUsage more) =>
        IsBeyond(Bytes, used.Bytes, more.Bytes) ? $"{Bytes} bytes"
        : IsBeyond(Disk, used.Disk, more.Disk) ? $"{Disk} bytes on disk"
        : IsBeyond(Blobs, used.Blobs, more.Blobs) ? $"{Blobs} blobs"
        : IsBeyond(Renewals, used.Renewals, more.Renewals) ? $"{Renewals} renewals"
        : IsBeyond(Reads, used.Reads, more.Reads) ? $"{Reads} bytes for reading"
        : null;

    private static bool IsBeyond(long quota, long used, long more) => quota > 0 && more > 0 && more > quota - used;
}

/// <summary>How much a tenant has used, counted where a request was let in, a batch promised or read.</summary>
/// <param name="Requests">Requests.</param>
/// <param name="Bytes">Bytes of their bodies.</param>
public sealed record TenantUsage(long Requests, long Bytes)
{
    /// <summary>Nothing.</summary>
    public static TenantUsage None { get; } = new(0, 0);

    /// <summary>Bytes that its batches take at the providers now, parity rows included.</summary>
    public long Disk { get; init; }

    /// <summary>Blobs anchored.</summary>
    public long Blobs { get; init; }

    /// <summary>Renewals.</summary>
    public long Renewals { get; init; }

    /// <summary>Bytes of batches read.</summary>
    public long Reads { get; init; }

    /// <summary>This and more; with a factor of -1, this without it.</summary>
    internal TenantUsage Plus(TenantUsage more, int factor = 1) =>
        new(Requests + (factor * more.Requests), Bytes + (factor * more.Bytes))
        {
            Disk = Disk + (factor * more.Disk),
            Blobs = Blobs + (factor * more.Blobs),
            Renewals = Renewals + (factor * more.Renewals),
            Reads = Reads + (factor * more.Reads),
        };
}

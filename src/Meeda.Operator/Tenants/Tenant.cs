using Meeda.Ethereum;

namespace Meeda.Operator.Tenants;

/// <summary>The scopes of an API key.</summary>
[Flags]
public enum TenantScopes
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Reading batches and their metadata.</summary>
    Read = 1,

    /// <summary>Storing batches.</summary>
    Write = 2,

    /// <summary>Everything that the other two scopes allow, and renewing other tenants' batches.</summary>
    Admin = 4,
}

/// <summary>A client of the service with its own API key, quota and usage.</summary>
/// <param name="Id">Its number, by which logs and errors refer to it.</param>
/// <param name="Name">The name that the operator gave it.</param>
/// <param name="Scopes">What its key allows.</param>
/// <param name="Quota">Its limits.</param>
/// <param name="Usage">How much it has used.</param>
/// <param name="CreatedAt">When the key was created.</param>
/// <param name="RevokedAt">When it was revoked, or null.</param>
public sealed record Tenant(
    long Id,
    string Name,
    TenantScopes Scopes,
    TenantQuota Quota,
    TenantUsage Usage,
    DateTimeOffset CreatedAt,
    DateTimeOffset? RevokedAt
)
{
    /// <summary>The rollup whose escrow pays for its batches, by its L1 address; null where nobody does.</summary>
    public string? Rollup { get; init; }

    /// <summary>The wallet that signed in for it, by its L1 address; null where the operator made its key.</summary>
    public string? Signer { get; init; }

    /// <summary>When its key ends; null where it does not by itself.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>For whom requests are counted: all wallets that signed in for a rollup are one.</summary>
    internal string CountedAs => Signer is null ? $"tenant {Id}" : $"rollup {Rollup}";

    /// <summary><see cref="Rollup"/> as an address.</summary>
    internal Address? Payer => Rollup is null ? null : Address.Parse(Rollup);
}

/// <summary>The limits of a tenant; 0 means unlimited, except for requests in flight.</summary>
/// <param name="Bytes">Total bytes of request bodies.</param>
/// <param name="RequestsPerSecond">Requests per second, which is also the burst size.</param>
/// <param name="Concurrency">Requests in flight at once, at least 1.</param>
public sealed record TenantQuota(long Bytes, int RequestsPerSecond, int Concurrency)
{
    /// <summary>Bytes on the providers' disks at once, parity rows included.</summary>
    public long Disk { get; init; }

    /// <summary>Total blobs anchored: those of new batches, and again with each renewal.</summary>
    public long Blobs { get; init; }

    /// <summary>Total renewals, including those by a repeated put of a batch whose anchor is about to expire.</summary>
    public long Renewals { get; init; }

    /// <summary>Total bytes of batches read.</summary>
    public long Reads { get; init; }

    /// <summary>The limit that additional usage would exceed; null if none.</summary>
    /// <param name="used">The usage so far.</param>
    /// <param name="more">The additional usage.</param>
    internal string? Exceeded(TenantUsage used, TenantUsage more) =>
        IsBeyond(Bytes, used.Bytes, more.Bytes) ? $"{Bytes} bytes"
        : IsBeyond(Disk, used.Disk, more.Disk) ? $"{Disk} bytes on disk"
        : IsBeyond(Blobs, used.Blobs, more.Blobs) ? $"{Blobs} blobs"
        : IsBeyond(Renewals, used.Renewals, more.Renewals) ? $"{Renewals} renewals"
        : IsBeyond(Reads, used.Reads, more.Reads) ? $"{Reads} bytes for reading"
        : null;

    private static bool IsBeyond(long quota, long used, long more) => quota > 0 && more > 0 && more > quota - used;
}

/// <summary>The usage of a tenant, counted when a request is admitted and when a batch is accepted or read.</summary>
/// <param name="Requests">Requests.</param>
/// <param name="Bytes">Bytes of their bodies.</param>
public sealed record TenantUsage(long Requests, long Bytes)
{
    /// <summary>Nothing.</summary>
    public static TenantUsage None { get; } = new(0, 0);

    /// <summary>Bytes that its batches occupy at the providers now, parity rows included.</summary>
    public long Disk { get; init; }

    /// <summary>Blobs anchored.</summary>
    public long Blobs { get; init; }

    /// <summary>Renewals.</summary>
    public long Renewals { get; init; }

    /// <summary>Bytes of batches read.</summary>
    public long Reads { get; init; }

    /// <summary>The sum of both usages; with a factor of -1, the difference.</summary>
    internal TenantUsage Plus(TenantUsage more, int factor = 1) =>
        new(Requests + (factor * more.Requests), Bytes + (factor * more.Bytes))
        {
            Disk = Disk + (factor * more.Disk),
            Blobs = Blobs + (factor * more.Blobs),
            Renewals = Renewals + (factor * more.Renewals),
            Reads = Reads + (factor * more.Reads),
        };
}

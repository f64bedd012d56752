namespace Meeda.Operator.Tenants;

/// <summary>A tenant as stored in the database.</summary>
internal sealed record TenantRow
{
    public long Id { get; init; }

    public string Name { get; init; } = "";

    public byte[] KeyHash { get; init; } = [];

    public long Scopes { get; init; }

    public long QuotaBytes { get; init; }

    public long QuotaRate { get; init; }

    public long QuotaConcurrency { get; init; }

    public long QuotaDisk { get; init; }

    public long QuotaBlobs { get; init; }

    public long QuotaRenewals { get; init; }

    public long QuotaReads { get; init; }

    public long UsedRequests { get; init; }

    public long UsedBytes { get; init; }

    public long UsedDisk { get; init; }

    public long UsedBlobs { get; init; }

    public long UsedRenewals { get; init; }

    public long UsedReads { get; init; }

    public long CreatedAt { get; init; }

    public long? RevokedAt { get; init; }

    public string? Rollup { get; init; }

    public string? Signer { get; init; }

    public long? ExpiresAt { get; init; }

    public byte[]? PreviousHash { get; init; }

    public long? PreviousUntil { get; init; }

    public TenantUsage ToUsage() =>
        new(UsedRequests, UsedBytes)
        {
            Disk = UsedDisk,
            Blobs = UsedBlobs,
            Renewals = UsedRenewals,
            Reads = UsedReads,
        };

    public Tenant ToTenant() =>
        new(
            Id,
            Name,
            (TenantScopes)Scopes,
            new TenantQuota(QuotaBytes, (int)QuotaRate, (int)QuotaConcurrency)
            {
                Disk = QuotaDisk,
                Blobs = QuotaBlobs,
                Renewals = QuotaRenewals,
                Reads = QuotaReads,
            },
            ToUsage(),
            DateTimeOffset.FromUnixTimeSeconds(CreatedAt),
            TimeOf(RevokedAt)
        )
        {
            Rollup = Rollup,
            Signer = Signer,
            ExpiresAt = TimeOf(ExpiresAt),
        };

    /// <summary>A column with seconds since 1970 as a time.</summary>
    public static DateTimeOffset? TimeOf(long? seconds) =>
        seconds is { } some ? DateTimeOffset.FromUnixTimeSeconds(some) : null;
}

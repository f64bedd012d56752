using System.Collections.Frozen;

namespace Meeda.Operator.Tenants;

/// <summary>The tenants as they were read last. Never changed.</summary>
internal sealed class TenantSnapshot
{
    /// <summary>Tenants as they stand in the database.</summary>
    public TenantSnapshot(IReadOnlyList<TenantRow> rows)
    {
        IsAny = rows.Count > 0;
        Tenants = rows.Where(row => row.RevokedAt is null)
            .ToFrozenDictionary(row => Convert.ToHexString(row.KeyHash), row => row.ToTenant());
        Usage = rows.ToFrozenDictionary(row => row.Id, row => row.ToUsage());
    }

    private TenantSnapshot(TenantSnapshot before, FrozenDictionary<long, TenantUsage> usage)
    {
        IsAny = before.IsAny;
        Tenants = before.Tenants;
        Usage = usage;
    }

    /// <summary>Whether there is any, revoked ones too.</summary>
    public bool IsAny { get; }

    /// <summary>Those that are not revoked, by the hash of their key.</summary>
    public FrozenDictionary<string, Tenant> Tenants { get; }

    /// <summary>What each had used.</summary>
    public FrozenDictionary<long, TenantUsage> Usage { get; }

    /// <summary>The same with usage that was written since.</summary>
    public TenantSnapshot With(IReadOnlyList<KeyValuePair<long, TenantUsage>> written)
    {
        Dictionary<long, TenantUsage> usage = Usage.ToDictionary();
        foreach ((long id, TenantUsage more) in written)
        {
            usage[id] = (usage.GetValueOrDefault(id) ?? TenantUsage.None).Plus(more);
        }

        return new TenantSnapshot(this, usage.ToFrozenDictionary());
    }
}

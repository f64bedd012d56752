using System.Collections.Frozen;

namespace Meeda.Operator.Tenants;

/// <summary>The tenants as last read from the database. Immutable.</summary>
internal sealed class TenantSnapshot
{
    /// <summary>The tenants as stored in the database.</summary>
    public TenantSnapshot(IReadOnlyList<TenantRow> rows)
    {
        IsAny = rows.Count > 0;
        Tenants = rows.Where(row => row.RevokedAt is null).SelectMany(KeysOf).ToFrozenDictionary();
        Usage = rows.ToFrozenDictionary(row => row.Id, row => row.ToUsage());
    }

    private TenantSnapshot(TenantSnapshot before, FrozenDictionary<long, TenantUsage> usage)
    {
        IsAny = before.IsAny;
        Tenants = before.Tenants;
        Usage = usage;
    }

    /// <summary>Whether any tenant exists, revoked ones included.</summary>
    public bool IsAny { get; }

    /// <summary>
    /// Tenants that are not revoked, by the hash of their key, or of the key before, and until when it is good.
    /// </summary>
    public FrozenDictionary<string, (Tenant Tenant, DateTimeOffset? Until)> Tenants { get; }

    /// <summary>The usage of each tenant.</summary>
    public FrozenDictionary<long, TenantUsage> Usage { get; }

    /// <summary>A copy with the usage written since.</summary>
    public TenantSnapshot With(IReadOnlyList<KeyValuePair<long, TenantUsage>> written)
    {
        Dictionary<long, TenantUsage> usage = Usage.ToDictionary();
        foreach ((long id, TenantUsage more) in written)
        {
            usage[id] = (usage.GetValueOrDefault(id) ?? TenantUsage.None).Plus(more);
        }

        return new TenantSnapshot(this, usage.ToFrozenDictionary());
    }

    private static IEnumerable<KeyValuePair<string, (Tenant Tenant, DateTimeOffset? Until)>> KeysOf(TenantRow row)
    {
        Tenant tenant = row.ToTenant();
        yield return new(Convert.ToHexString(row.KeyHash), (tenant, tenant.ExpiresAt));
        if (row is { PreviousHash: { } previous, PreviousUntil: { } until })
        {
            yield return new(Convert.ToHexString(previous), (tenant, TenantRow.TimeOf(until)));
        }
    }
}

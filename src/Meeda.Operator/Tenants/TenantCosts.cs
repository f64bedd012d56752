using Meeda.Http;
using Meeda.Kzg.Commitments;
using Meeda.Operator.Persistence;
using Meeda.Storage.Redundancy;

namespace Meeda.Operator.Tenants;

/// <summary>What tenants are charged for beside their requests: the rows that their batches take, the blobs that are
/// anchored for them, and what they read.</summary>
internal sealed class TenantCosts(TenantKeys keys, RowPlacement rows, IHttpContextAccessor requests)
{
    /// <summary>The tenant whose request is served now; null where no key is required, or no request is
    /// served.</summary>
    public Tenant? Current => requests.HttpContext?.Features.Get<Tenant>();

    /// <summary>What a new batch costs.</summary>
    /// <param name="blobs">The number of its blobs.</param>
    public TenantUsage OfBatch(int blobs) => new(0, 0) { Disk = DiskOf(blobs), Blobs = blobs };

    /// <summary>What another anchor of a batch costs.</summary>
    /// <param name="blobs">The number of its blobs.</param>
    public static TenantUsage OfRenewal(int blobs) => new(0, 0) { Blobs = blobs, Renewals = 1 };

    /// <summary>Counts what a tenant uses.</summary>
    /// <exception cref="DaException">It is beyond its quota (<see cref="DaError.Overloaded"/>).</exception>
    public void Charge(Tenant? tenant, TenantUsage cost)
    {
        if (tenant is not null && !keys.TryUse(tenant, cost, out string? exceeded))
        {
            throw new DaException(ErrorCode.QuotaExceeded, $"quota: the tenant's {exceeded} are used up");
        }
    }

    /// <summary>Takes back what was counted and then not used.</summary>
    public void GiveBack(Tenant? tenant, TenantUsage cost)
    {
        if (tenant is not null)
        {
            keys.GiveBack(tenant.Id, cost);
        }
    }

    /// <summary>Takes note that a batch is given up, and its rows are going.</summary>
    public void GivenUp(StoredBatch batch)
    {
        if (batch.Tenant is { } owner)
        {
            keys.GiveBack(owner, new TenantUsage(0, 0) { Disk = DiskOf(batch.BlobCount) });
        }
    }

    private long DiskOf(int blobs) => (long)rows.CountOf(blobs) * Blob.ByteLength;
}

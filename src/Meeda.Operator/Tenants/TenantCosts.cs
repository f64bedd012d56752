using Meeda.Http;
using Meeda.Kzg.Commitments;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Signatures;
using Meeda.Storage.Redundancy;

namespace Meeda.Operator.Tenants;

/// <summary>
/// Charges tenants for the disk space of their rows, the blobs anchored for them, and the bytes they read.
/// </summary>
internal sealed class TenantCosts(TenantKeys keys, RowPlacement rows, IHttpContextAccessor requests)
{
    /// <summary>The tenant of the current request; null if no key is required or no request is being served.</summary>
    public Tenant? Current => requests.HttpContext?.Features.Get<Tenant>();

    /// <summary>The order to charge the tenant's rollup that the current request carries; null where it carries
    /// none.</summary>
    /// <exception cref="DaException">It has another form (<see cref="DaError.MalformedRequest"/>).</exception>
    public SignedOrder? Order
    {
        get
        {
            if (requests.HttpContext?.Request.Headers[SignedOrder.HeaderName] is not { Count: > 0 } values)
            {
                return null;
            }

            try
            {
                return SignedOrder.Parse($"{values}");
            }
            catch (FormatException malformed)
            {
                throw new DaException(
                    DaError.MalformedRequest,
                    $"{SignedOrder.HeaderName}: {malformed.Message.TrimEnd('.')}",
                    malformed
                );
            }
        }
    }

    /// <summary>The cost of a new batch.</summary>
    /// <param name="blobs">The number of its blobs.</param>
    public TenantUsage OfBatch(int blobs) => new(0, 0) { Disk = DiskOf(blobs), Blobs = blobs };

    /// <summary>The cost of anchoring a batch again.</summary>
    /// <param name="blobs">The number of its blobs.</param>
    public static TenantUsage OfRenewal(int blobs) => new(0, 0) { Blobs = blobs, Renewals = 1 };

    /// <summary>Adds to a tenant's usage.</summary>
    /// <exception cref="DaException">The usage would exceed the tenant's quota (<see
    /// cref="DaError.Overloaded"/>).</exception>
    public void Charge(Tenant? tenant, TenantUsage cost)
    {
        if (tenant is not null && !keys.TryUse(tenant, cost, out string? exceeded))
        {
            throw new DaException(ErrorCode.QuotaExceeded, $"quota: the tenant's {exceeded} are used up");
        }
    }

    /// <summary>Refunds usage that was counted but did not take place.</summary>
    public void GiveBack(Tenant? tenant, TenantUsage cost)
    {
        if (tenant is not null)
        {
            keys.GiveBack(tenant.Id, cost);
        }
    }

    /// <summary>Releases the disk usage of an expired batch, whose rows are being deleted.</summary>
    public void GivenUp(StoredBatch batch)
    {
        if (batch.Tenant is { } owner)
        {
            keys.GiveBack(owner, new TenantUsage(0, 0) { Disk = DiskOf(batch.BlobCount) });
        }
    }

    private long DiskOf(int blobs) => (long)rows.CountOf(blobs) * Blob.ByteLength;
}

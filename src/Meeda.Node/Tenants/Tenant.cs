namespace Meeda.Node.Tenants;

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

    /// <summary>All that the other two allow, and whatever is for the operator's own people.</summary>
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
    long Id, string Name, TenantScopes Scopes, TenantQuota Quota, TenantUsage Usage, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt);

/// <summary>How much a tenant may use.</summary>
/// <param name="Bytes">Bytes of requests' bodies in all; 0 for any number.</param>
/// <param name="RequestsPerSecond">Requests a second, as many of them at once; 0 for any number.</param>
/// <param name="Concurrency">Requests in flight at once, at least 1.</param>
public sealed record TenantQuota(long Bytes, int RequestsPerSecond, int Concurrency);

/// <summary>How much a tenant has used, counted where a request was let in.</summary>
/// <param name="Requests">Requests.</param>
/// <param name="Bytes">Bytes of their bodies.</param>
public sealed record TenantUsage(long Requests, long Bytes);

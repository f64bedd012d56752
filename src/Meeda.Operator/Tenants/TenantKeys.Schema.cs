namespace Meeda.Operator.Tenants;

/// <summary>The tables of tenants.</summary>
internal sealed partial class TenantKeys
{
    private const string Columns =
        "id AS Id, name AS Name, key_hash AS KeyHash, scopes AS Scopes, quota_bytes AS QuotaBytes, quota_rate AS "
        + "QuotaRate, quota_concurrency AS QuotaConcurrency, "
        + "quota_disk AS QuotaDisk, quota_blobs AS QuotaBlobs, quota_renewals AS QuotaRenewals, quota_reads AS "
        + "QuotaReads, used_requests AS UsedRequests, used_bytes AS UsedBytes, "
        + "used_disk AS UsedDisk, used_blobs AS UsedBlobs, used_renewals AS UsedRenewals, used_reads AS "
        + "UsedReads, created_at AS CreatedAt, revoked_at AS RevokedAt, rollup AS Rollup, signer AS Signer, "
        + "expires_at AS ExpiresAt, previous_hash AS PreviousHash, previous_until AS PreviousUntil";

    private static readonly string[] Migrations =
    [
        """
            CREATE TABLE tenant (
                id                {sequence},
                name              TEXT NOT NULL UNIQUE,
                key_hash          {bytes} NOT NULL UNIQUE,
                scopes            BIGINT NOT NULL,
                quota_bytes       BIGINT NOT NULL,
                quota_rate        BIGINT NOT NULL,
                quota_concurrency BIGINT NOT NULL,
                used_requests     BIGINT NOT NULL DEFAULT 0,
                used_bytes        BIGINT NOT NULL DEFAULT 0,
                created_at        BIGINT NOT NULL,
                revoked_at        BIGINT
            );
            """,
        """
            ALTER TABLE tenant ADD COLUMN quota_disk BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE tenant ADD COLUMN quota_blobs BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE tenant ADD COLUMN quota_renewals BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE tenant ADD COLUMN quota_reads BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE tenant ADD COLUMN used_disk BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE tenant ADD COLUMN used_blobs BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE tenant ADD COLUMN used_renewals BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE tenant ADD COLUMN used_reads BIGINT NOT NULL DEFAULT 0;
            """,
        """
            -- the rollup whose escrow pays for its batches: its address, as 0x…
            ALTER TABLE tenant ADD COLUMN rollup TEXT;
            """,
        """
            -- the wallet that signed in for the tenant, as 0x…; its key ends at a time
            ALTER TABLE tenant ADD COLUMN signer TEXT;
            ALTER TABLE tenant ADD COLUMN expires_at BIGINT;
            -- the key before the last rotation, which is good until a time
            ALTER TABLE tenant ADD COLUMN previous_hash {bytes};
            ALTER TABLE tenant ADD COLUMN previous_until BIGINT;

            CREATE TABLE signin_secret (
                id     BIGINT PRIMARY KEY,
                secret {bytes} NOT NULL
            );
            CREATE TABLE signin_nonce (
                nonce      TEXT PRIMARY KEY,
                expires_at BIGINT NOT NULL
            );
            """,
    ];
}

using System.Data.Common;
using System.Security.Cryptography;
using Meeda.Ethereum;
using Meeda.Hosting.Persistence;

namespace Meeda.Operator.Tenants;

/// <summary>Tenants whose keys wallets get by signing in.</summary>
internal sealed partial class TenantKeys
{
    // How long a used nonce is remembered after its end: clocks of operators on one database differ.
    private static readonly TimeSpan NonceMemory = TimeSpan.FromHours(1);

    /// <summary>
    /// Gives a wallet that signed in a new key. Its tenant is made where there is none; where there is, the key that it
    /// has is good for a while longer.
    /// </summary>
    /// <param name="wallet">The wallet, and the rollup that it signed in for.</param>
    /// <param name="nonce">The nonce of what it signed, and from when on that is invalid.</param>
    /// <param name="quota">The tenant's limits from now on.</param>
    /// <param name="terms">When the new key ends, and the old one.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>
    /// The tenant and its key; no tenant where the operator revoked it or gave its name away; null where the nonce was
    /// used before.
    /// </returns>
    /// <exception cref="DbException">The database does not answer.</exception>
    public async Task<(Tenant? Tenant, string Key)?> SignInAsync(
        (Address Signer, Address Rollup) wallet,
        (string Nonce, DateTimeOffset End) nonce,
        TenantQuota quota,
        (DateTimeOffset Now, DateTimeOffset KeyEnd, DateTimeOffset PreviousEnd) terms,
        CancellationToken cancellationToken
    )
    {
        string key = NewKey();
        TenantRow? row = null;
        bool isFirst = false;
        await _database.WriteAsync(
            async (connection, transaction) =>
            {
                row = null;
                isFirst = await TryUseNonceAsync(connection, transaction, nonce, terms.Now, cancellationToken);
                if (isFirst && !await IsRevokedAsync(connection, transaction, wallet, cancellationToken))
                {
                    row = await connection.QueryFirstOrDefaultAsync<TenantRow>(
                        $"""
                        INSERT INTO tenant (name, key_hash, scopes, quota_bytes, quota_rate, quota_concurrency, created_at, rollup, signer, expires_at)
                        VALUES (@name, @hash, @scopes, 0, @rate, @concurrency, @now, @rollup, @signer, @end)
                        ON CONFLICT (name) DO UPDATE
                        SET previous_hash = tenant.key_hash,
                            previous_until = CASE WHEN tenant.expires_at < @previous THEN tenant.expires_at ELSE @previous END,
                            key_hash = @hash, quota_rate = @rate, quota_concurrency = @concurrency, expires_at = @end
                        WHERE tenant.signer = @signer AND tenant.rollup = @rollup
                        RETURNING {Columns}
                        """,
                        new
                        {
                            name = NameOf(wallet.Signer, wallet.Rollup),
                            hash = HashOf(key),
                            scopes = (long)(TenantScopes.Read | TenantScopes.Write),
                            rate = (long)quota.RequestsPerSecond,
                            concurrency = (long)quota.Concurrency,
                            now = terms.Now.ToUnixTimeSeconds(),
                            rollup = wallet.Rollup.ToString(),
                            signer = wallet.Signer.ToString(),
                            end = terms.KeyEnd.ToUnixTimeSeconds(),
                            previous = terms.PreviousEnd.ToUnixTimeSeconds(),
                        },
                        transaction,
                        cancellationToken
                    );
                }
            },
            cancellationToken
        );
        await ReadAsync(cancellationToken);
        return isFirst ? (row?.ToTenant(), key) : null;
    }

    /// <summary>Whether the operator revoked a key of the wallet, for any rollup, or of the rollup's.</summary>
    private static async Task<bool> IsRevokedAsync(
        DbConnection connection,
        DbTransaction transaction,
        (Address Signer, Address Rollup) wallet,
        CancellationToken cancellationToken
    ) =>
        await connection.ExecuteScalarAsync<long>(
            "SELECT COUNT(*) FROM tenant WHERE revoked_at IS NOT NULL AND signer IS NOT NULL "
                + "AND (signer = @signer OR rollup = @rollup)",
            new { signer = wallet.Signer.ToString(), rollup = wallet.Rollup.ToString() },
            transaction,
            cancellationToken
        ) > 0;

    private static async Task<bool> TryUseNonceAsync(
        DbConnection connection,
        DbTransaction transaction,
        (string Nonce, DateTimeOffset End) nonce,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await connection.ExecuteAsync(
            "DELETE FROM signin_nonce WHERE expires_at < @now",
            new { now = now.ToUnixTimeSeconds() },
            transaction,
            cancellationToken
        );
        return await connection.ExecuteAsync(
                "INSERT INTO signin_nonce (nonce, expires_at) VALUES (@nonce, @end) ON CONFLICT DO NOTHING",
                new { nonce = nonce.Nonce, end = (nonce.End + NonceMemory).ToUnixTimeSeconds() },
                transaction,
                cancellationToken
            ) == 1;
    }

    /// <summary>Whether a nonce was used.</summary>
    /// <exception cref="DbException">The database does not answer.</exception>
    public async Task<bool> IsUsedAsync(string nonce, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await _database.ConnectAsync(cancellationToken);
        return await connection.QueryFirstOrDefaultAsync<string>(
            "SELECT nonce FROM signin_nonce WHERE nonce = @nonce",
            new { nonce },
            cancellationToken
        )
            is not null;
    }

    /// <summary>
    /// Ends the keys of a tenant that signed in; it may sign in again. One that has signed in since it was read keeps
    /// its keys.
    /// </summary>
    /// <exception cref="DbException">The database does not answer.</exception>
    public async Task SignOutAsync(Tenant tenant, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await _database.WriteAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    """
                    UPDATE tenant SET expires_at = @now, previous_hash = NULL, previous_until = NULL
                    WHERE id = @id AND signer IS NOT NULL AND expires_at = @before
                    """,
                    new
                    {
                        id = tenant.Id,
                        now = now.ToUnixTimeSeconds(),
                        before = tenant.ExpiresAt?.ToUnixTimeSeconds(),
                    },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        await ReadAsync(cancellationToken);
    }

    /// <summary>What operators on this database make nonces with: made once.</summary>
    /// <param name="length">Its bytes.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="DbException">The database does not answer.</exception>
    public async Task<byte[]> SignInSecretAsync(int length, CancellationToken cancellationToken)
    {
        byte[]? secret = null;
        await _database.WriteAsync(
            async (connection, transaction) =>
            {
                await connection.ExecuteAsync(
                    "INSERT INTO signin_secret (id, secret) VALUES (1, @secret) ON CONFLICT (id) DO NOTHING",
                    new { secret = RandomNumberGenerator.GetBytes(length) },
                    transaction,
                    cancellationToken
                );
                secret = await connection.QueryFirstOrDefaultAsync<byte[]>(
                    "SELECT secret FROM signin_secret WHERE id = 1",
                    new { },
                    transaction,
                    cancellationToken
                );
            },
            cancellationToken
        );
        return secret!;
    }

    /// <summary>The name of a tenant that signed in: the wallet, and the rollup where it is another.</summary>
    public static string NameOf(Address signer, Address rollup) =>
        signer == rollup ? $"{signer}" : $"{signer} for {rollup}";
}

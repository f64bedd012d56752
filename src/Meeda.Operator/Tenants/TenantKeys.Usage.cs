using System.Data.Common;
using Meeda.Hosting.Persistence;

namespace Meeda.Operator.Tenants;

/// <summary>The tenants' usage: counted in memory, written and read in groups.</summary>
internal sealed partial class TenantKeys
{
    /// <summary>
    /// Counts a request if its bytes are within the tenant's quota. Usage counted by other operators on the same
    /// database becomes visible a second later. Never waits, never fails.
    /// </summary>
    /// <returns>Whether the request was counted.</returns>
    public bool TryUse(Tenant tenant, long bytes) => TryUse(tenant, new TenantUsage(1, bytes), out _);

    /// <summary>Adds to a tenant's usage if the sum is within its quota. Never waits, never fails.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="usage">The usage to add.</param>
    /// <param name="exceeded">The limit that would be exceeded.</param>
    /// <returns>Whether the usage was added.</returns>
    public bool TryUse(Tenant tenant, TenantUsage usage, out string? exceeded)
    {
        lock (_gate)
        {
            TenantUsage pending = _pending.GetValueOrDefault(tenant.Id) ?? TenantUsage.None;
            TenantUsage written = _copy.Usage.GetValueOrDefault(tenant.Id) ?? tenant.Usage;
            exceeded = tenant.Quota.Exceeded(written.Plus(pending), usage);
            if (exceeded is null)
            {
                _pending[tenant.Id] = pending.Plus(usage);
            }

            return exceeded is null;
        }
    }

    /// <summary>Subtracts usage that did not take place after all, or that has ended.</summary>
    public void GiveBack(long tenantId, TenantUsage usage)
    {
        lock (_gate)
        {
            _pending[tenantId] = (_pending.GetValueOrDefault(tenantId) ?? TenantUsage.None).Plus(usage, factor: -1);
        }
    }

    /// <summary>Lets every request need a key, also before there is one.</summary>
    public void RequireAlways() => _areRequired = true;

    /// <summary>
    /// Whether every request needs a key: if any tenant exists, revoked ones included, or wallets may sign in.
    /// </summary>
    public async Task<bool> AreRequiredAsync(CancellationToken cancellationToken) =>
        _areRequired || (await CopyAsync(MaxAge, cancellationToken)).IsAny;

    private bool HasPending()
    {
        lock (_gate)
        {
            return _pending.Count > 0;
        }
    }

    private void WriteUsageSoon()
    {
        if (HasPending())
        {
            _ = RefreshAsync(MaxAge);
        }
    }

    /// <summary>The copy, refreshed first if it is older; if the database is slow, the old copy.</summary>
    private async ValueTask<TenantSnapshot> CopyAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        if (_time.GetElapsedTime(Interlocked.Read(ref _askedAt)) >= maxAge)
        {
            Task refresh = RefreshAsync(maxAge);
            try
            {
                await refresh.WaitAsync(MaxWait, _time, cancellationToken);
            }
            catch (TimeoutException)
            {
                // The refresh continues in the background for later requests; those of the next second do not wait for
                // it.
                Interlocked.Exchange(ref _askedAt, _time.GetTimestamp());
            }
        }

        return Volatile.Read(ref _copy);
    }

    /// <summary>Refreshes the copy if it is older than that; concurrent requests share one refresh.</summary>
    private Task RefreshAsync(TimeSpan maxAge)
    {
        lock (_gate)
        {
            // The copy counts as old until the new one is read: requests that arrive in the meantime wait for it, too.
            if (_refresh.IsCompleted && _time.GetElapsedTime(_askedAt) >= maxAge)
            {
                _refresh = Task.Run(SynchronizeAsync);
            }

            return _refresh;
        }
    }

    /// <summary>
    /// Writes the usage and reads all tenants again. If the database fails, the copy stays unchanged and the usage is
    /// written later.
    /// </summary>
    private async Task SynchronizeAsync()
    {
        await _synchronizing.WaitAsync();
        try
        {
            KeyValuePair<long, TenantUsage>[] written;
            lock (_gate)
            {
                written = [.. _pending];
            }

            try
            {
                if (written.Length > 0)
                {
                    await _database.WriteAsync(
                        (connection, transaction) =>
                            connection.ExecuteAsync(
                                """
                                UPDATE tenant SET used_requests = used_requests + @requests, used_bytes = used_bytes + @bytes, used_disk = used_disk + @disk, used_blobs = used_blobs + @blobs,
                                                  used_renewals = used_renewals + @renewals, used_reads = used_reads + @reads
                                WHERE id = @id
                                """,
                                written.Select(each => new
                                {
                                    id = each.Key,
                                    requests = each.Value.Requests,
                                    bytes = each.Value.Bytes,
                                    disk = each.Value.Disk,
                                    blobs = each.Value.Blobs,
                                    renewals = each.Value.Renewals,
                                    reads = each.Value.Reads,
                                }),
                                transaction,
                                CancellationToken.None
                            ),
                        CancellationToken.None
                    );
                }
            }
            catch (Exception refused) when (IsRefusal(refused))
            {
                written = [];
            }

            await ReadHeldAsync(written, CancellationToken.None);
        }
        catch (Exception refused) when (IsRefusal(refused))
        {
            // The next poll is a second away.
        }
        finally
        {
            _synchronizing.Release();
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        await _synchronizing.WaitAsync(cancellationToken);
        try
        {
            await ReadHeldAsync([], cancellationToken);
        }
        finally
        {
            _synchronizing.Release();
        }
    }

    /// <summary>
    /// Reads all tenants. Usage that was already written is then part of what is read, and is not counted twice.
    /// </summary>
    private async Task ReadHeldAsync(
        IReadOnlyList<KeyValuePair<long, TenantUsage>> written,
        CancellationToken cancellationToken
    )
    {
        long asked = _time.GetTimestamp();
        TenantSnapshot? copy = null;
        try
        {
            await using DbConnection connection = await _database.ConnectAsync(cancellationToken);
            copy = new TenantSnapshot([
                .. await connection.QueryAsync<TenantRow>($"SELECT {Columns} FROM tenant", cancellationToken),
            ]);
        }
        finally
        {
            lock (_gate)
            {
                foreach ((long id, TenantUsage usage) in written)
                {
                    TenantUsage left = _pending[id].Plus(usage, factor: -1);
                    if (left != TenantUsage.None)
                    {
                        _pending[id] = left;
                    }
                    else
                    {
                        _pending.Remove(id);
                    }
                }

                // If no new copy could be read, the written usage is added to the old one.
                Volatile.Write(ref _copy, copy ?? _copy.With(written));
                _askedAt = asked;
            }
        }
    }
}

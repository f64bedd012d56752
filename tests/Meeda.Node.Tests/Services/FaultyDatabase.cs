using System.Data.Common;
using Meeda.Hosting.Persistence;

namespace Meeda.Node.Tests.Services;

/// <summary>A database that fails on command.</summary>
internal sealed class FaultyDatabase(Database inner) : Database
{
    /// <summary>The failure of the next uses; null if they succeed.</summary>
    public Exception? Failure { get; set; }

    /// <inheritdoc/>
    public override bool IsShared => inner.IsShared;

    /// <inheritdoc/>
    public override Task<DbConnection> ConnectAsync(CancellationToken cancellationToken) =>
        Failure is { } failure ? throw failure : inner.ConnectAsync(cancellationToken);

    /// <inheritdoc/>
    public override Task WriteAsync(
        Func<DbConnection, DbTransaction, Task> work,
        CancellationToken cancellationToken
    ) => Failure is { } failure ? throw failure : inner.WriteAsync(work, cancellationToken);

    /// <inheritdoc/>
    public override Task MigrateAsync(
        string schema,
        IReadOnlyList<string> migrations,
        CancellationToken cancellationToken
    ) => inner.MigrateAsync(schema, migrations, cancellationToken);

    /// <inheritdoc/>
    public override Task<long> VersionAsync(string schema, CancellationToken cancellationToken) =>
        inner.VersionAsync(schema, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <inheritdoc/>
    public override Task<bool> HasTableAsync(string table, CancellationToken cancellationToken) =>
        inner.HasTableAsync(table, cancellationToken);

    /// <inheritdoc/>
    public override Task<bool> HasColumnAsync(string table, string column, CancellationToken cancellationToken) =>
        inner.HasColumnAsync(table, column, cancellationToken);
}

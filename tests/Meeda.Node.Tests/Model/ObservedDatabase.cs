using System.Data.Common;
using Meeda.Hosting.Persistence;

namespace Meeda.Node.Tests.Model;

/// <summary>
/// A database that lets a test run an action between two of its uses: one service is paused in the middle of its work
/// while another completes its own.
/// </summary>
internal sealed class ObservedDatabase(Database inner, Activity activity) : Database
{
    // An action that waits for the paused service cannot finish: then the service continues first.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private Func<Task>? _intruder;
    private int _uses;

    /// <inheritdoc/>
    public override bool IsShared => inner.IsShared;

    /// <summary>The action, once it has begun; null before.</summary>
    public Task? Intrusion { get; private set; }

    /// <summary>Runs an action before a use of the database, counted from now.</summary>
    /// <param name="uses">The number of the use, from 1.</param>
    /// <param name="intruder">The action.</param>
    public void Interrupt(int uses, Func<Task> intruder)
    {
        _uses = uses;
        Intrusion = null;
        _intruder = intruder;
    }

    /// <summary>Cancels the action.</summary>
    public void Leave() => _intruder = null;

    /// <inheritdoc/>
    public override async Task<DbConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        await BeforeAsync();
        return await inner.ConnectAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task WriteAsync(
        Func<DbConnection, DbTransaction, Task> work,
        CancellationToken cancellationToken
    )
    {
        await BeforeAsync();
        await inner.WriteAsync(work, cancellationToken);
    }

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
    public override Task<bool> HasTableAsync(string table, CancellationToken cancellationToken) =>
        inner.HasTableAsync(table, cancellationToken);

    /// <inheritdoc/>
    public override Task<bool> HasColumnAsync(string table, string column, CancellationToken cancellationToken) =>
        inner.HasColumnAsync(table, column, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    private async Task BeforeAsync()
    {
        activity.Note();
        if (_intruder is { } intruder && Interlocked.Decrement(ref _uses) == 0)
        {
            _intruder = null;
            Intrusion = intruder();
            await Task.WhenAny(Intrusion, Task.Delay(Patience));
        }
    }
}

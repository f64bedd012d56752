using System.Data.Common;
using Meeda.Hosting.Persistence;

namespace Meeda.Node.Tests.Model;

/// <summary>
/// A database that lets a test do something between two uses of it: so one service is stopped in the middle of its work
/// while another does all of its own.
/// </summary>
internal sealed class ObservedDatabase(Database inner, Activity activity) : Database
{
    // What excludes the stopped one cannot finish: then that one goes on first.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private Func<Task>? _intruder;
    private int _uses;

    /// <inheritdoc/>
    public override bool IsShared => inner.IsShared;

    /// <summary>What came in between, from when it began; null before.</summary>
    public Task? Intrusion { get; private set; }

    /// <summary>Lets something happen before a use of the database, counted from now.</summary>
    /// <param name="uses">Before which one, from 1.</param>
    /// <param name="intruder">What happens.</param>
    public void Interrupt(int uses, Func<Task> intruder)
    {
        _uses = uses;
        Intrusion = null;
        _intruder = intruder;
    }

    /// <summary>Lets nothing happen any more.</summary>
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

using System.Data.Common;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Operator.Leadership;

namespace Meeda.Node.Tests.Leadership;

/// <summary>A lease that the test grants and withdraws, as if another operator held it.</summary>
internal sealed class FakeLease(Database database, TimeSpan term) : Lease(database, term)
{
    private readonly SemaphoreSlim _asked = new(0);
    private volatile bool _isHeld;

    /// <summary>Whether no other operator holds it, so that a request succeeds.</summary>
    public bool IsFree { get; set; } = true;

    /// <summary>The database's failure of the next requests; null where they succeed.</summary>
    public Exception? Failure { get; set; }

    /// <inheritdoc/>
    public override bool IsHeld => _isHeld;

    /// <summary>Waits until it was requested once more, counted from the last wait.</summary>
    public Task AskedAsync() => _asked.WaitAsync();

    /// <inheritdoc/>
    public override Task<bool> TryHoldAsync(CancellationToken cancellationToken)
    {
        Exception? failure = Failure; // read before the test goes on and sets another
        _isHeld = failure is null ? IsFree : _isHeld;
        bool isHeld = _isHeld;
        _asked.Release();
        return failure is null ? Task.FromResult(isHeld) : throw failure;
    }

    /// <inheritdoc/>
    public override void Drop() => _isHeld = false;

    /// <inheritdoc/>
    public override Task EnsureHeldAsync(
        DbConnection connection,
        DbTransaction transaction,
        CancellationToken cancellationToken
    ) => IsFree ? Task.CompletedTask : throw new LeaseLostException();
}

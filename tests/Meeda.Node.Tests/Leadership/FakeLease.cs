using System.Data.Common;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Operator.Leadership;

namespace Meeda.Node.Tests.Leadership;

/// <summary>A lease that the test gives and takes, as if another operator had it.</summary>
internal sealed class FakeLease(Database database, TimeSpan term) : Lease(database, term)
{
    private readonly SemaphoreSlim _asked = new(0);
    private volatile bool _isHeld;

    /// <summary>Whether nobody else has it, so that it is had for the asking.</summary>
    public bool IsFree { get; set; } = true;

    /// <summary>What the database answers to the next requests; null for an answer.</summary>
    public Exception? Failure { get; set; }

    /// <inheritdoc/>
    public override bool IsHeld => _isHeld;

    /// <summary>Waits until it was requested once more.</summary>
    public Task AskedAsync() => _asked.WaitAsync();

    /// <inheritdoc/>
    public override Task<bool> TryHoldAsync(CancellationToken cancellationToken)
    {
        _asked.Release();
        _isHeld = Failure is null ? IsFree : throw Failure;
        return Task.FromResult(_isHeld);
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

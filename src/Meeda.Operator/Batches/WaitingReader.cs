using Meeda.Protocol.Batches;

namespace Meeda.Operator.Batches;

/// <summary>A reader that waits for room.</summary>
/// <param name="Client">Who reads.</param>
/// <param name="Id">The batch.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Loading">The most bytes in memory while it is put together.</param>
/// <param name="Load">Puts it together.</param>
/// <param name="Order">Who came first has the lower one.</param>
internal sealed record WaitingReader(
    string Client,
    BatchId Id,
    long Length,
    long Loading,
    Func<CancellationToken, Task<byte[]>> Load,
    long Order
)
{
    /// <summary>The reading, once there is room.</summary>
    public TaskCompletionSource<BatchReading> Entered { get; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
}

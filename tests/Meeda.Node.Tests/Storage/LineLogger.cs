using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Meeda.Node.Tests.Storage;

/// <summary>Keeps what is logged.</summary>
internal class LineLogger : ILogger
{
    /// <summary>The lines, in their order.</summary>
    public ConcurrentQueue<string> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => Lines.Enqueue(formatter(state, exception));
}

/// <summary>Keeps what one class logs.</summary>
internal sealed class LineLogger<T> : LineLogger, ILogger<T>;

using Meeda.Storage.Folders;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Meeda.Node.Tests.Storage;

public sealed class DurabilityCheckTests
{
    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public void Warn_WhereNothingCanBeSynced_IsOneWarning(bool isLinux, int warnings)
    {
        var log = new Warnings();
        DurabilityCheck.Warn(log, isLinux);
        Assert.Equal(warnings, log.Count);
    }

    private sealed class Warnings : ILogger
    {
        public int Count { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Count += logLevel == LogLevel.Warning ? 1 : 0;
    }
}

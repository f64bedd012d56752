using System.Diagnostics;

namespace Meeda.Benchmarks;

/// <summary>This program once more, in a process of its own.</summary>
internal static class Child
{
    /// <summary>How to start it, whether it runs by its own host or by <c>dotnet</c>.</summary>
    public static ProcessStartInfo Start(params string[] arguments) =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet"
            ? new(Environment.ProcessPath!, [typeof(Child).Assembly.Location, .. arguments])
            : new(Environment.ProcessPath!, arguments);
}

using Xunit;

namespace Meeda.Testing;

/// <summary>
/// The run of <c>./meeda test --fast</c>, which starts no servers: code that starts one checks here first, so that no
/// test has to be marked for it.
/// </summary>
public static class FastRun
{
    /// <summary>Whether this is such a run.</summary>
    public static bool IsFast { get; } = Environment.GetEnvironmentVariable("MEEDA_TEST_FAST") == "1";

    /// <summary>Skips the test that is about to start a server.</summary>
    public static void SkipIfFast() => Skip.If(IsFast, "it starts a server, and --fast starts none");
}

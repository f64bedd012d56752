using System.Text.RegularExpressions;
using Meeda.Testing;
using Xunit;

namespace Meeda.Tidy.Tests;

/// <summary>The runbook covers every warning, error and metric of the program.</summary>
public sealed partial class OperationsTests
{
    private static readonly string Runbook = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));

    private static IEnumerable<string> Sources =>
        Directory
            .EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal));

    [Fact]
    public void Runbook_EveryWarningAndError_HasItsRow()
    {
        string[] rows =
        [
            .. Row()
                .Matches(Runbook)
                .SelectMany(row => row.Groups["ids"].Value.Split(", "))
                .Order(StringComparer.Ordinal),
        ];
        string[] events =
        [
            .. Sources
                .SelectMany(file => LoudEvent().Matches(File.ReadAllText(file)))
                .Select(match => match.Groups["id"].Value)
                .Order(StringComparer.Ordinal),
        ];
        Assert.NotEmpty(events);
        Assert.Equal(events, rows);
    }

    [Fact]
    public void Runbook_EveryMetric_HasItsRow()
    {
        string[] metrics =
        [
            .. Sources
                .SelectMany(file => Metric().Matches(File.ReadAllText(file)))
                .Select(match => match.Groups["name"].Value)
                .Distinct()
                .Where(name => !Runbook.Contains($"`{name}`", StringComparison.Ordinal)),
        ];
        Assert.Empty(metrics);
    }

    [GeneratedRegex(@"^\| (?<ids>\d+(?:, \d+)*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?<id>\d+),\s*LogLevel\.(?:Warning|Error|Critical),")]
    private static partial Regex LoudEvent();

    [GeneratedRegex("Create(?:Counter|Gauge|Histogram|ObservableGauge)<[a-z]+>\\(\\s*\"(?<name>meeda[^\"]*)\"")]
    private static partial Regex Metric();
}

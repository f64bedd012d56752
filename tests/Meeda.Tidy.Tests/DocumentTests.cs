using System.Text.Json;
using System.Text.RegularExpressions;
using Meeda.Chain.L1;
using Meeda.Testing;
using Xunit;

namespace Meeda.Tidy.Tests;

/// <summary>The documents match the code.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> Documents =>
        [
            .. Directory
                .EnumerateFiles(Repository.Root, "*.md", SearchOption.AllDirectories)
                .Where(file =>
                    !file.Contains("/node_modules/", StringComparison.Ordinal)
                    && !file.Contains("/.meeda/", StringComparison.Ordinal)
                )
                .Select(Repository.Relative),
        ];

    public static TheoryData<string> PackageLocks =>
        [
            .. Directory
                .EnumerateFiles(Repository.Root, "package-lock.json", SearchOption.AllDirectories)
                .Where(file =>
                    !file.Contains("/node_modules/", StringComparison.Ordinal)
                    && !file.Contains("/.meeda/", StringComparison.Ordinal)
                )
                .Select(Repository.Relative),
        ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Document_ItsLinksToFiles_Resolve(string document)
    {
        string folder = Path.GetDirectoryName(Path.Combine(Repository.Root, document))!;
        string[] broken =
        [
            .. Link()
                .Matches(File.ReadAllText(Path.Combine(Repository.Root, document)))
                .Select(match => match.Groups[1].Value)
                .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#'))
                .Where(target => !Path.Exists(Path.Combine(folder, target.Split('#')[0]))),
        ];
        Assert.Empty(broken);
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Document_ItsText_HasNoMarkersOfAMerge(string document) =>
        Assert.DoesNotContain(
            File.ReadLines(Path.Combine(Repository.Root, document)),
            line =>
                line.StartsWith("<<<<<<<", StringComparison.Ordinal)
                || line.StartsWith(">>>>>>>", StringComparison.Ordinal)
        );

    /// <summary>
    /// With one sentence per line, a change of one sentence is a change of one line. Tables, headings and code are left
    /// out.
    /// </summary>
    [Theory]
    [MemberData(nameof(Documents))]
    public void Document_ItsText_HasOneSentenceALine(string document)
    {
        bool isCode = false;
        var longLines = new List<string>();
        foreach (string line in File.ReadLines(Path.Combine(Repository.Root, document)))
        {
            string text = line.TrimStart();
            bool isFence = text.StartsWith("```", StringComparison.Ordinal);
            isCode ^= isFence;
            if (
                isCode
                || isFence
                || text.StartsWith('|')
                || text.StartsWith('#')
                || line.StartsWith("    ", StringComparison.Ordinal)
            )
            {
                continue;
            }

            string words = Parentheses().Replace(CodeOrTarget().Replace(text, "X"), "X");
            if (SentenceEnd().Matches(words).Any(end => !Abbreviation().IsMatch(words[..(end.Index + 1)])))
            {
                longLines.Add(line);
            }
        }

        Assert.Empty(longLines);
    }

    [Fact]
    public void Configuration_EverySetting_IsDocumented()
    {
        string document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "configuration.md"));
        (string Section, Type Type)[] options =
        [
            .. typeof(L1Options)
                .Assembly.GetTypes()
                .Select(type => (Section: type.GetField("Section")?.GetRawConstantValue() as string, Type: type))
                .Where(found => found.Section?.StartsWith("Meeda:", StringComparison.Ordinal) == true)
                .Select(found => (found.Section!, found.Type)),
        ];
        Assert.NotEmpty(options);
        IEnumerable<string> settings = options.SelectMany(option =>
            option
                .Type.GetProperties()
                .Select(property => $"`{option.Section.Replace(":", "__", StringComparison.Ordinal)}__{property.Name}`")
        );
        Assert.All(settings, setting => Assert.Contains(setting, document, StringComparison.Ordinal));
    }

    [Fact]
    public void Namespaces_NoType_BearsTheNameOfOne()
    {
        IEnumerable<System.Reflection.Assembly> assemblies =
        [
            typeof(L1Options).Assembly,
            typeof(Protocol.Batches.BatchId).Assembly,
            typeof(Kzg.Commitments.Blob).Assembly,
            typeof(Ethereum.Address).Assembly,
        ];
        Type[] types =
        [
            .. assemblies
                .SelectMany(assembly => assembly.GetTypes())
                .Where(type => type.Namespace?.StartsWith("Meeda", StringComparison.Ordinal) == true),
        ];
        HashSet<string> names = [.. types.SelectMany(type => type.Namespace!.Split('.'))];
        Assert.DoesNotContain(types, type => names.Contains(type.Name));
    }

    [Fact]
    public void Node_ItsHostAndConnections_AreMadeInOnePlaceEach()
    {
        (string Word, string Place)[] rules =
        [
            // The framework's builders read undocumented files and variables
            ("WebApplication.Create", "ServiceHost.cs"),
            ("AddEnvironmentVariables", ""),
            ("AddJsonFile", ""),
            ("BindConfiguration", ""),
            ("new HttpClient(", ""), // proxies and redirects
            ("new HttpClient {", ""),
            ("new SocketsHttpHandler", "OutgoingHttp.cs"),
            ("new HttpClientHandler", ""),
        ];
        string[] elsewhere =
        [
            .. Repository
                .CSharpFiles("src")
                .Where(file => !Repository.Relative(file).StartsWith("src/Meeda.Client/", StringComparison.Ordinal))
                .SelectMany(file =>
                    rules
                        .Where(rule =>
                            Path.GetFileName(file) != rule.Place
                            && File.ReadAllText(file).Contains(rule.Word, StringComparison.Ordinal)
                        )
                        .Select(rule => $"{Repository.Relative(file)}: {rule.Word}")
                ),
        ];
        Assert.Empty(elsewhere);
    }

    /// <summary>
    /// Lines of code are at most 120 columns long. Excluded are lines without a space to break at, raw strings (SQL,
    /// JSON, text for a person) and interpolations, which the formatter does not change.
    /// </summary>
    [Fact]
    public void Code_ItsLines_AreAtMost120Columns()
    {
        string[] tooLong =
        [
            .. new[] { "src", "tests", "benchmarks", "tools" }
                .SelectMany(Repository.CSharpFiles)
                .Where(file => !IsGenerated(file))
                .SelectMany(LongLines),
        ];
        Assert.Empty(tooLong);
    }

    private static bool IsGenerated(string file) =>
        file.EndsWith(".g.cs", StringComparison.Ordinal)
        || file.Contains("/Meeda.Kzg/Fields/Kernels/", StringComparison.Ordinal);

    private static IEnumerable<string> LongLines(string file)
    {
        bool isRaw = false;
        int number = 0;
        foreach (string line in File.ReadLines(file))
        {
            number++;
            bool touchesRaw = line.Contains("\"\"\"", StringComparison.Ordinal);
            isRaw ^= line.Split("\"\"\"").Length % 2 == 0;
            bool canBreak = line.Trim().Split('"').Any(part => part.Trim().Contains(' ', StringComparison.Ordinal));
            if (
                line.Length > 120
                && !isRaw
                && !touchesRaw
                && canBreak
                && !line.Contains("$\"", StringComparison.Ordinal)
            )
            {
                yield return $"{Repository.Relative(file)}:{number}";
            }
        }
    }

    [Fact]
    public void Script_WhatItSays_GoesToStandardError() =>
        Assert.All(
            File.ReadAllLines(Path.Combine(Repository.Root, "meeda"))
                .Where(line => line.Contains("echo ", StringComparison.Ordinal)),
            line => Assert.Contains(">&2", line, StringComparison.Ordinal)
        );

    [Theory]
    [MemberData(nameof(PackageLocks))]
    public void PackageLock_EveryPackage_IsPinnedByHashAndNamesNoHost(string file)
    {
        string text = File.ReadAllText(Path.Combine(Repository.Root, file));
        Assert.DoesNotContain("\"resolved\"", text, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(text);
        string[] unpinned =
        [
            .. json
                .RootElement.GetProperty("packages")
                .EnumerateObject()
                .Where(package =>
                    package.Name.Length > 0 // the project itself
                    && (
                        !package.Value.TryGetProperty("integrity", out JsonElement hash)
                        || !hash.GetString()!.StartsWith("sha512-", StringComparison.Ordinal)
                    )
                )
                .Select(package => package.Name),
        ];
        Assert.Empty(unpinned);
    }

    [Fact]
    public void Scripts_WhatTheyInstallOrBuild_IsPinned()
    {
        string scripts =
            File.ReadAllText(Path.Combine(Repository.Root, "meeda"))
            + File.ReadAllText(Path.Combine(Repository.Root, "tests", "run.sh"));
        Assert.DoesNotContain("npm install", scripts, StringComparison.Ordinal);
        Assert.DoesNotContain("npm i ", scripts, StringComparison.Ordinal);
        Assert.All(
            scripts
                .Split('\n')
                .Where(line =>
                    line.Contains("dotnet build \"", StringComparison.Ordinal)
                    || line.Contains("dotnet restore ", StringComparison.Ordinal)
                ),
            line => Assert.Matches("RestoreLockedMode=true|--locked-mode", line)
        );
    }

    [GeneratedRegex(@"`[^`]*`|\]\([^)]*\)")]
    private static partial Regex CodeOrTarget();

    [GeneratedRegex(@"\([^()]*\)")]
    private static partial Regex Parentheses();

    [GeneratedRegex(@"[.!?][""')]* +[""(*_]*[A-Z0-9\[]")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"(^|[\s(])([A-Za-z]|e\.g|i\.e|etc|vs|cf|No)\.$|^\d+\.$")]
    private static partial Regex Abbreviation();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}

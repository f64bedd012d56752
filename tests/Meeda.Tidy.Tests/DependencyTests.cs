using System.Text.RegularExpressions;
using System.Xml.Linq;
using Meeda.Testing;
using Xunit;

namespace Meeda.Tidy.Tests;

/// <summary>The dependency rules of docs/architecture.md.</summary>
public sealed partial class DependencyTests
{
    private static readonly Dictionary<string, string[]> AllowedProjects = new()
    {
        ["Meeda.Kzg"] = [],
        ["Meeda.Ethereum"] = [],
        ["Meeda.L1"] = ["Meeda.Ethereum"],
        ["Meeda.Mefs"] = [],
        ["Meeda.Protocol"] = ["Meeda.Kzg", "Meeda.Ethereum"],
        ["Meeda.Client"] = ["Meeda.Protocol"],
        ["Meeda.Hosting"] = [],
        ["Meeda.Chain"] = ["Meeda.Hosting", "Meeda.Kzg", "Meeda.Ethereum", "Meeda.L1", "Meeda.Protocol"],
        ["Meeda.Storage"] = ["Meeda.Hosting", "Meeda.Kzg", "Meeda.Protocol", "Meeda.Mefs"],
        ["Meeda.Http"] =
        [
            "Meeda.Hosting",
            "Meeda.Chain",
            "Meeda.Kzg",
            "Meeda.Ethereum",
            "Meeda.L1",
            "Meeda.Protocol",
            "Meeda.Client",
        ],
        ["Meeda.Operator"] =
        [
            "Meeda.Hosting",
            "Meeda.Chain",
            "Meeda.Storage",
            "Meeda.Http",
            "Meeda.Kzg",
            "Meeda.Ethereum",
            "Meeda.L1",
            "Meeda.Protocol",
            "Meeda.Mefs",
            "Meeda.Client",
        ],
        ["Meeda.Light"] =
        [
            "Meeda.Hosting",
            "Meeda.Chain",
            "Meeda.Http",
            "Meeda.Kzg",
            "Meeda.Ethereum",
            "Meeda.L1",
            "Meeda.Protocol",
            "Meeda.Client",
        ],
        ["Meeda.Node"] = ["Meeda.Operator", "Meeda.Light", "Meeda.Client"],
    };

    public static TheoryData<string> Projects => [.. AllowedProjects.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_ItsReferences_AreTheAllowedOnes(string project)
    {
        XDocument file = XDocument.Load(Path.Combine(Repository.Root, "src", project, $"{project}.csproj"));
        IEnumerable<string> references = file.Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!));
        Assert.Equal(AllowedProjects[project].Order(), references.Order());
    }

    [Fact]
    public void Kzg_ItsPackages_AreNone()
    {
        XDocument file = XDocument.Load(Path.Combine(Repository.Root, "src", "Meeda.Kzg", "Meeda.Kzg.csproj"));
        Assert.Empty(file.Descendants("PackageReference"));
    }

    [Fact]
    public void Protocol_OfEthereum_UsesOnlyThePrimitiveValues() => AssertNone("src/Meeda.Protocol", "Meeda.Ethereum.");

    [Fact]
    public void EthereumAndL1_TheirSource_KnowsNoMeedaWord() =>
        Assert.Empty(
            Repository
                .CSharpFiles("src/Meeda.Ethereum")
                .Concat(Repository.CSharpFiles("src/Meeda.L1"))
                .Where(file => MeedaWord().IsMatch(File.ReadAllText(file)))
                .Select(Repository.Relative)
        );

    [Fact]
    public void Mefs_ItsSource_KnowsNoMeedaWord() =>
        Assert.Empty(
            Repository
                .CSharpFiles("src/Meeda.Mefs")
                .Where(file =>
                    MeedaWord().IsMatch(File.ReadAllText(file).Replace("MEFS", "", StringComparison.OrdinalIgnoreCase))
                )
                .Select(Repository.Relative)
        );

    [Fact]
    public void LightNode_ItsPackages_AreNotThoseOfProvidersAndPostgreSql()
    {
        string[] packages = File.ReadAllLines(
            Path.Combine(Repository.Root, "src", "Meeda.Light", "packages.lock.json")
        );
        Assert.DoesNotContain(
            packages,
            line =>
                line.Contains("AWSSDK", StringComparison.Ordinal) || line.Contains("Npgsql", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void TheAbi_IsNamedByTheContractOnly() =>
        AssertOnlyBelow("src/Meeda.Chain/Contract/", "using Meeda.L1.Contracts");

    /// <summary>Nethereum stays behind Meeda.L1 and the contract's binding.</summary>
    [Fact]
    public void Nethereum_IsNamedByL1AndTheContractOnly()
    {
        string[] elsewhere =
        [
            .. Repository
                .CSharpFiles("src")
                .Where(file => File.ReadAllText(file).Contains("Nethereum.", StringComparison.Ordinal))
                .Select(Repository.Relative)
                .Where(file =>
                    !file.StartsWith("src/Meeda.L1/", StringComparison.Ordinal)
                    && !file.StartsWith("src/Meeda.Chain/Contract/", StringComparison.Ordinal)
                ),
        ];
        Assert.Empty(elsewhere);
    }

    /// <summary>The public packages do not depend on Nethereum, and so not on Newtonsoft.Json.</summary>
    [Theory]
    [InlineData("Meeda.Kzg")]
    [InlineData("Meeda.Ethereum")]
    [InlineData("Meeda.Protocol")]
    [InlineData("Meeda.Client")]
    public void Library_ItsPackages_AreWithoutNethereum(string library) =>
        Assert.DoesNotContain(
            File.ReadAllLines(Path.Combine(Repository.Root, "src", library, "packages.lock.json")),
            line =>
                line.Contains("Nethereum", StringComparison.Ordinal)
                || line.Contains("Newtonsoft", StringComparison.Ordinal)
        );

    [Theory]
    [InlineData("src/Meeda.Chain")]
    [InlineData("src/Meeda.Storage")]
    [InlineData("src/Meeda.Light")]
    [InlineData("src/Meeda.Operator/Batches")]
    [InlineData("src/Meeda.Operator/Nitro")]
    public void StatusCodes_OutsideOfHttp_AreNotNamed(string folder) =>
        Assert.Empty(
            Repository
                .CSharpFiles(folder)
                .Where(file => File.ReadAllText(file).Contains("StatusCodes.", StringComparison.Ordinal))
                .Select(Repository.Relative)
        );

    private static void AssertOnlyBelow(string folder, string word)
    {
        string[] elsewhere =
        [
            .. Repository
                .CSharpFiles("src")
                .Where(file => File.ReadAllText(file).Contains(word, StringComparison.Ordinal))
                .Select(Repository.Relative)
                .Where(file => !file.StartsWith(folder, StringComparison.Ordinal)),
        ];
        Assert.Empty(elsewhere);
    }

    private static void AssertNone(string folder, string word) =>
        Assert.Empty(
            Repository
                .CSharpFiles(folder)
                .Where(file => File.ReadAllText(file).Contains($"using {word}", StringComparison.Ordinal))
                .Select(file => $"{Repository.Relative(file)} uses {word}")
        );

    [GeneratedRegex(@"\b(batch|anchor|epoch|rollup|MEFS)", RegexOptions.IgnoreCase)]
    private static partial Regex MeedaWord();
}

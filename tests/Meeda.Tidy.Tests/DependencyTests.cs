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
        ["Meeda.Mefs"] = [],
        ["Meeda.Protocol"] = ["Meeda.Kzg", "Meeda.Ethereum"],
        ["Meeda.Client"] = ["Meeda.Protocol"],
        ["Meeda.Node"] = ["Meeda.Kzg", "Meeda.Ethereum", "Meeda.Protocol", "Meeda.Mefs", "Meeda.Client"],
    };

    // What each folder of Meeda.Node must not name.
    private static readonly Dictionary<string, string[]> ForbiddenInNode = new()
    {
        ["Verification"] = ["Meeda.Node.Batches", "Meeda.Node.Anchors", "Meeda.Node.Proofs", "Meeda.Node.Http", "Meeda.Node.Light", "Meeda.Node.Cli"],
        ["Storage"] = ["Meeda.Node.Verification", "Meeda.Node.L1", "Meeda.Node.Batches", "Meeda.Node.Anchors", "Meeda.Node.Proofs", "Meeda.Node.Http", "Meeda.Node.Cli"],
        ["L1"] = ["Meeda.Node.Batches", "Meeda.Node.Anchors", "Meeda.Node.Proofs", "Meeda.Node.Http", "Meeda.Node.Cli"],
        ["Batches"] = ["Meeda.Node.Http", "Meeda.Node.Cli", "Meeda.Node.Anchors", "Meeda.Node.Proofs"],
        ["Anchors"] = ["Meeda.Node.Http", "Meeda.Node.Cli", "Meeda.Node.Proofs"],
        ["Proofs"] = ["Meeda.Node.Http", "Meeda.Node.Cli", "Meeda.Node.Anchors", "Meeda.Node.Batches"],
        ["Light"] = ["Meeda.Node.Http", "Meeda.Node.Cli", "Meeda.Node.Anchors", "Meeda.Node.Batches", "Meeda.Node.Proofs"],
        ["Http"] = ["Meeda.Node.Cli"],
        ["Telemetry"] = ["Meeda.Node.Storage", "Meeda.Node.L1", "Meeda.Node.Batches", "Meeda.Node.Anchors", "Meeda.Node.Proofs", "Meeda.Node.Http", "Meeda.Node.Cli"],
    };

    public static TheoryData<string> Projects => [.. AllowedProjects.Keys];

    public static TheoryData<string> NodeFolders => [.. ForbiddenInNode.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_ItsReferences_AreTheAllowedOnes(string project)
    {
        XDocument file = XDocument.Load(Path.Combine(Repository.Root, "src", project, $"{project}.csproj"));
        IEnumerable<string> references = file.Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!));
        Assert.Equal(AllowedProjects[project].Order(), references.Order());
    }

    [Fact]
    public void Kzg_ItsPackages_AreNone()
    {
        XDocument file = XDocument.Load(Path.Combine(Repository.Root, "src", "Meeda.Kzg", "Meeda.Kzg.csproj"));
        Assert.Empty(file.Descendants("PackageReference"));
    }

    [Fact]
    public void Protocol_OfEthereum_UsesOnlyThePrimitiveValues() =>
        AssertNone("src/Meeda.Protocol", "Meeda.Ethereum.");

    [Fact]
    public void Ethereum_ItsSource_KnowsNoMeedaWord() =>
        Assert.Empty(Repository.CSharpFiles("src/Meeda.Ethereum")
            .Where(file => MeedaWord().IsMatch(File.ReadAllText(file))).Select(Repository.Relative));

    [Fact]
    public void Mefs_ItsSource_KnowsNoMeedaWord() =>
        Assert.Empty(Repository.CSharpFiles("src/Meeda.Mefs")
            .Where(file => MeedaWord().IsMatch(File.ReadAllText(file).Replace("MEFS", "", StringComparison.OrdinalIgnoreCase))).Select(Repository.Relative));

    [Theory]
    [MemberData(nameof(NodeFolders))]
    public void NodeFolder_ItsUsings_PointOneWay(string folder)
    {
        string path = Path.Combine("src", "Meeda.Node", folder);
        Assert.All(ForbiddenInNode[folder], forbidden => AssertNone(path, forbidden));
    }

    [Fact]
    public void Node_TheAbi_IsNamedInL1Only() =>
        AssertOnlyBelow("src/Meeda.Node/L1/", "Meeda.Ethereum.Abi");

    [Fact]
    public void Node_StatusCodes_AreNamedInHttpOnly() =>
        AssertOnlyBelow("src/Meeda.Node/Http/", "StatusCodes.");

    private static void AssertOnlyBelow(string folder, string word)
    {
        string[] elsewhere =
        [
            .. Repository.CSharpFiles("src/Meeda.Node")
                .Where(file => File.ReadAllText(file).Contains(word, StringComparison.Ordinal))
                .Select(Repository.Relative)
                .Where(file => !file.StartsWith(folder, StringComparison.Ordinal)),
        ];
        Assert.Empty(elsewhere);
    }

    private static void AssertNone(string folder, string word) =>
        Assert.Empty(Repository.CSharpFiles(folder)
            .Where(file => File.ReadAllText(file).Contains($"using {word}", StringComparison.Ordinal))
            .Select(file => $"{Repository.Relative(file)} uses {word}"));

    [GeneratedRegex(@"\b(batch|anchor|epoch|rollup|MEFS)", RegexOptions.IgnoreCase)]
    private static partial Regex MeedaWord();
}

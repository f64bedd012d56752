using Meeda.Testing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace Meeda.Tidy.Tests;

/// <summary>
/// A file covers one topic and a method does one thing: neither is longer than a reader can grasp at once. Generated
/// code is excluded.
/// </summary>
public sealed class SizeTests
{
    private const int MaxFileLines = 300;
    private const int MaxMethodLines = 60;

    private const string UnrolledKernel = "a kernel: one formula on locals that must stay in registers or one buffer";

    /// <summary>The exceptions, with reasons.</summary>
    private static readonly Dictionary<string, string> Excepted = new(StringComparer.Ordinal)
    {
        ["src/Meeda.Kzg/Fields/Fp.Products.cs: Square"] = UnrolledKernel,
    };

    [Fact]
    public void Code_ItsFiles_HaveAtMost300Lines() =>
        AssertNone(
            Files()
                .Select(file => (Name: Repository.Relative(file), Lines: File.ReadLines(file).Count()))
                .Where(file => file.Lines > MaxFileLines && !Excepted.ContainsKey(file.Name))
                .Select(file => $"{file.Name}: {file.Lines} lines")
        );

    [Fact]
    public void Code_ItsMethods_HaveAtMost60Lines() =>
        AssertNone(
            Files()
                .SelectMany(file =>
                    MethodsOf(File.ReadAllText(file))
                        .Select(method => (Name: $"{Repository.Relative(file)}: {method.Name}", method.Lines))
                )
                .Where(method => method.Lines > MaxMethodLines && !Excepted.ContainsKey(method.Name))
                .Select(method => $"{method.Name}: {method.Lines} lines")
        );

    /// <summary>An exception that is no longer needed must be removed from the list.</summary>
    [Fact]
    public void Exceptions_All_AreNeeded()
    {
        string[] needed =
        [
            .. Files().Where(file => File.ReadLines(file).Count() > MaxFileLines).Select(Repository.Relative),
            .. Files()
                .SelectMany(file =>
                    MethodsOf(File.ReadAllText(file))
                        .Where(method => method.Lines > MaxMethodLines)
                        .Select(method => $"{Repository.Relative(file)}: {method.Name}")
                ),
        ];
        Assert.Empty(Excepted.Keys.Except(needed));
        Assert.All(Excepted.Values, reason => Assert.NotEmpty(reason));
    }

    [Theory]
    [InlineData("class A { void B() { } }", "B", 1)]
    [InlineData("class A {\n/// <summary>Doc.</summary>\n[X]\nvoid B()\n{\n// }\nC(\"{\");\n}\n}", "B", 5)]
    [InlineData("class A { int B =>\n1; }", "B", 2)]
    [InlineData("class A { A()\n{ } }", "A", 2)]
    [InlineData("class A { public static bool operator ==(A a, A b) =>\n\ntrue; }", "operator ==", 3)]
    public void Methods_OfAText_AreCountedFromTheirSignature(string text, string name, int lines) =>
        Assert.Equal((name, lines), Assert.Single(MethodsOf(text)));

    // Lists all of them in the failure, which would otherwise show only the first few.
    private static void AssertNone(IEnumerable<string> tooLong)
    {
        string[] all = [.. tooLong.Order(StringComparer.Ordinal)];
        Assert.True(all.Length == 0, string.Join(Environment.NewLine, all));
    }

    private static IEnumerable<string> Files() =>
        Repository
            .CSharpFiles("src")
            .Where(file =>
                !file.EndsWith(".g.cs", StringComparison.Ordinal)
                && !file.Contains("/Meeda.Kzg/Fields/Kernels/", StringComparison.Ordinal) // generated
            );

    /// <summary>Methods, constructors, operators and properties, from the signature to the end.</summary>
    private static IEnumerable<(string Name, int Lines)> MethodsOf(string text) =>
        CSharpSyntaxTree
            .ParseText(text, new CSharpParseOptions(LanguageVersion.Preview))
            .GetRoot()
            .DescendantNodes()
            .OfType<MemberDeclarationSyntax>()
            .Where(member => member is BaseMethodDeclarationSyntax or BasePropertyDeclarationSyntax)
            .Select(member => (NameOf(member), LinesOf(member)));

    private static string NameOf(MemberDeclarationSyntax member) =>
        member switch
        {
            MethodDeclarationSyntax method => method.Identifier.Text,
            ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
            OperatorDeclarationSyntax one => $"operator {one.OperatorToken.Text}",
            PropertyDeclarationSyntax property => property.Identifier.Text,
            _ => member.Kind().ToString(),
        };

    private static int LinesOf(MemberDeclarationSyntax member)
    {
        SyntaxToken first =
            member.AttributeLists.Count == 0
                ? member.GetFirstToken()
                : member.AttributeLists[^1].GetLastToken().GetNextToken();
        FileLinePositionSpan from = first.GetLocation().GetLineSpan();
        return member.GetLocation().GetLineSpan().EndLinePosition.Line - from.StartLinePosition.Line + 1;
    }
}

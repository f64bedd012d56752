namespace Meeda.Kzg.Tests.Vectors;

/// <summary>The vectors of Ethereum's consensus-spec-tests, every file a case.</summary>
public sealed class ConsensusVectorTests
{
    private const string None = "none";

    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach ((string function, string path) in VectorFiles.All)
        {
            cases.Add(function, path);
        }

        if (VectorFiles.All.Count == 0)
        {
            cases.Add(None, None);
        }

        return cases;
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Function_VectorFile_GivesItsOutput(string function, string path)
    {
        Skip.If(path == None, $"no vectors: {VectorFiles.Variable} is not set and ../shared/vectors/kzg is absent");
        Assert.True(SpecificationFunctions.IsKnown(function), $"unknown function {function}: {path}");
        Func<VectorInput, string>? call = SpecificationFunctions.Find(function);
        Skip.If(call is null, $"{function} is not built");

        var input = new VectorInput(path);
        if (input.MustBeRefused)
        {
            Assert.Throws<KzgFormatException>(() => call(input));
        }
        else
        {
            Assert.Equal(SpecificationFunctions.Expected(input.Output), call(input));
        }
    }
}

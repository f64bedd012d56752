using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using YamlDotNet.RepresentationModel;

namespace Meeda.Kzg.Tests.Vectors;

/// <summary>One vector file: named inputs as bytes, and what must come out.</summary>
internal sealed class VectorInput
{
    private readonly YamlMappingNode _input;

    public VectorInput(string path)
    {
        using var reader = new StreamReader(path);
        var yaml = new YamlStream();
        yaml.Load(reader);
        var root = (YamlMappingNode)yaml.Documents[0].RootNode;
        _input = (YamlMappingNode)root["input"];
        Output = root["output"];
    }

    /// <summary>The expected output.</summary>
    public YamlNode Output { get; }

    /// <summary>Whether the input must be refused.</summary>
    public bool MustBeRefused => Output is YamlScalarNode { Value: null or "null" or "~" or "" };

    public static byte[] Hex(YamlNode node) => Convert.FromHexString(((YamlScalarNode)node).Value!.AsSpan(2));

    public byte[] Bytes(string name) => Hex(_input[name]);

    public byte[][] List(string name) => [.. ((YamlSequenceNode)_input[name]).Select(Hex)];

    public ulong[] Integers(string name) =>
        [
            .. ((YamlSequenceNode)_input[name]).Select(node =>
                ulong.Parse(((YamlScalarNode)node).Value!, System.Globalization.CultureInfo.InvariantCulture)
            ),
        ];

    public CellIndex[] CellIndices() => [.. Integers("cell_indices").Select(index => new CellIndex(index))];

    /// <summary>The elements of the list of lists "cosets_evals", one behind the other.</summary>
    public byte[] CosetEvaluations() =>
        [.. ((YamlSequenceNode)_input["cosets_evals"]).SelectMany(coset => ((YamlSequenceNode)coset).SelectMany(Hex))];

    /// <summary>
    /// Several inputs of one length, one behind the other; another length in the middle must not hide behind a right
    /// sum.
    /// </summary>
    public byte[] Concatenated(string name, int length)
    {
        byte[][] items = List(name);
        return items.FirstOrDefault(item => item.Length != length) is { } wrong
            ? throw new KzgFormatException($"{name}: one of {wrong.Length} bytes")
            : [.. items.SelectMany(item => item)];
    }

    public Fr Scalar(string name) =>
        Fr.TryDecode(Bytes(name), out Fr scalar) ? scalar : throw new KzgFormatException(name);

    public KzgCommitment Commitment(string name) => KzgCommitment.Decode(Bytes(name));

    public KzgCommitment[] Commitments(string name) =>
        KzgCommitment.DecodeAll([.. List(name).SelectMany(bytes => bytes)]);

    public KzgProof Proof(string name) => KzgProof.Decode(Bytes(name));

    public KzgProof[] Proofs(string name) => KzgProof.DecodeAll([.. List(name).SelectMany(bytes => bytes)]);
}

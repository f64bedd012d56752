using Nethereum.RPC.Eth.DTOs;

namespace Meeda.L1.Rpc;

/// <summary>Which block a question is about.</summary>
public readonly record struct BlockTag
{
    private readonly string? _text;

    private BlockTag(string text)
    {
        _text = text;
    }

    /// <summary>The newest block.</summary>
    public static BlockTag Latest { get; } = new("latest");

    /// <summary>The newest block and the mempool on top.</summary>
    public static BlockTag Pending { get; } = new("pending");

    /// <summary>The newest block that is not expected to be reorganised.</summary>
    public static BlockTag Safe { get; } = new("safe");

    /// <summary>The newest block that cannot be reorganised.</summary>
    public static BlockTag Finalized { get; } = new("finalized");

    /// <summary>The block of that number.</summary>
    public static BlockTag Number(ulong number) => new(JsonFields.Quantity(number));

    /// <summary>As Nethereum has it.</summary>
    internal BlockParameter ToParameter()
    {
        var parameter = new BlockParameter();
        if (Enum.TryParse(_text, out BlockParameter.BlockParameterType named))
        {
            parameter.SetValue(named);
        }
        else if (_text is not null)
        {
            parameter.SetValue(_text);
        }

        return parameter;
    }

    /// <summary>As JSON-RPC writes it; <c>latest</c> for the default value.</summary>
    public override string ToString() => _text ?? "latest";
}

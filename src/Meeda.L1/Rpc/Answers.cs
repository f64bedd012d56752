using System.Numerics;
using System.Text.Json;
using Meeda.Ethereum;
using Nethereum.Hex.HexTypes;
using Nethereum.RPC.Eth.DTOs;

namespace Meeda.L1.Rpc;

/// <summary>
/// Nethereum's answers as values of which nothing is missing. Fields that Nethereum leaves null, and those that
/// <see cref="AnswerJson"/> found to be invalid, are an <see cref="L1UnreachableException"/> here, and nowhere else.
/// </summary>
internal static class Answers
{
    /// <summary>A block's header.</summary>
    public static Block Header(Nethereum.RPC.Eth.DTOs.Block block) =>
        new(
            UInt64(block.Number, "number"),
            Hash(block.BlockHash, "hash"),
            Hash(block.ParentHash, "parentHash"),
            UInt64(block.Timestamp, "timestamp"),
            block.BaseFeePerGas is { } fee ? Number(fee, "baseFeePerGas") : BigInteger.Zero,
            block.BlobGasUsed is { } used ? UInt64(used, "blobGasUsed") : null,
            block.ExcessBlobGas is { } excess ? UInt64(excess, "excessBlobGas") : null,
            block.MixHash is { } mix ? Hash(mix, "mixHash") : null
        );

    /// <summary>The receipt of a transaction.</summary>
    public static Transactions.TransactionReceipt Receipt(TransactionReceipt receipt, Bytes32 asked) =>
        new(
            Same(asked, Hash(receipt.TransactionHash, "transactionHash")),
            UInt64(receipt.BlockNumber, "blockNumber"),
            Hash(receipt.BlockHash, "blockHash"),
            UInt64(receipt.GasUsed, "gasUsed"),
            receipt.ContractAddress is { } made ? Account(made, "contractAddress") : null,
            UInt64(receipt.Status, "status") == 1,
            [.. Required(receipt.Logs, "logs").Select(Log)],
            receipt.EffectiveGasPrice is { } price ? Number(price, "effectiveGasPrice") : BigInteger.Zero
        );

    /// <summary>A transaction.</summary>
    public static Transaction Transaction(Nethereum.RPC.Eth.DTOs.Transaction transaction, Bytes32 asked) =>
        new(
            Same(asked, Hash(transaction.TransactionHash, "hash")),
            Account(transaction.From, "from"),
            transaction.To is { } to ? Account(to, "to") : null,
            UInt64(transaction.Nonce, "nonce"),
            Data(transaction.Input, "input"),
            transaction.BlockNumber is { } block ? UInt64(block, "blockNumber") : null
        );

    /// <summary>A log.</summary>
    public static Log Log(FilterLog? log) =>
        new(
            Account(Required(log, "log").Address, "address"),
            [.. Required(log!.Topics, "topics").Select(topic => Hash(Text(topic), "topic"))],
            Data(log.Data, "data"),
            UInt64(log.BlockNumber, "blockNumber"),
            Hash(log.BlockHash, "blockHash"),
            Hash(log.TransactionHash, "transactionHash"),
            UInt64(log.LogIndex, "logIndex")
        );

    /// <summary>A quantity that fits 256 bits.</summary>
    public static BigInteger Number(HexBigInteger? number, string name) =>
        Required(number, name).Value is var value && value < AnswerJson.NoQuantity
            ? value
            : throw Unexpected(name, "a hex quantity below 2^256");

    /// <summary>A quantity that fits 64 bits.</summary>
    public static ulong UInt64(HexBigInteger? number, string name) =>
        Required(number, name).Value is var value && value <= ulong.MaxValue
            ? (ulong)value
            : throw Unexpected(name, "a hex quantity below 2^64");

    /// <summary>Thirty-two bytes.</summary>
    public static Bytes32 Hash(string? hex, string name) =>
        Bytes32.TryParse(Required(hex, name), out Bytes32 value) ? value : throw Unexpected(name, "32 bytes in hex");

    /// <summary>Data.</summary>
    public static byte[] Data(string? hex, string name)
    {
        try
        {
            return Required(hex, name).StartsWith("0x", StringComparison.Ordinal)
                ? Convert.FromHexString(hex.AsSpan(2))
                : throw Unexpected(name, "hex data");
        }
        catch (FormatException)
        {
            throw Unexpected(name, "hex data");
        }
    }

    private static Address Account(string? hex, string name) =>
        Address.TryParse(Required(hex, name), out Address value) ? value : throw Unexpected(name, "an address");

    // Nethereum's type has objects for topics, which System.Text.Json fills with elements.
    private static string? Text(object? topic) =>
        topic is JsonElement element ? AnswerJson.Read<string?>(element) : topic as string;

    private static Bytes32 Same(Bytes32 asked, Bytes32 answered) =>
        answered == asked
            ? answered
            : throw new L1UnreachableException(
                $"the node was asked for transaction {asked} and answered with {answered}"
            );

    private static T Required<T>(T? value, string name)
        where T : class => value ?? throw new L1UnreachableException($"the node's answer has no {name}");

    private static L1UnreachableException Unexpected(string name, string expected) =>
        new($"the node answered something else where {expected} is expected ({name})");
}

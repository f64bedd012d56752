using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Contracts;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Protocol.Proofs;
using Nethereum.Contracts;

namespace Meeda.Chain.Contract;

/// <summary>A contract at its address: calls and transactions by generated types.</summary>
/// <param name="client">L1.</param>
/// <param name="address">The contract's address.</param>
/// <param name="artifact">The compiled contract.</param>
internal abstract class PartContract(EthereumClient client, Address address, ContractArtifact artifact)
{
    /// <summary>The contract's address.</summary>
    public Address Address => address;

    /// <summary>L1.</summary>
    protected EthereumClient Client => client;

    /// <summary>The contract's <c>RangeHints</c> struct.</summary>
    protected static RangeHintsData Hints(RangeHints hints) =>
        new()
        {
            LoAnchor = hints.LoAnchor,
            HotAnchor = hints.HotAnchor,
            EndAnchor = hints.EndAnchor,
        };

    /// <summary>Words as the ABI's types have them.</summary>
    protected static List<byte[]> Words(IEnumerable<Bytes32> words) => [.. words.Select(word => word.ToArray())];

    /// <summary>A transaction that calls a function.</summary>
    protected TransactionRequest Request<TFunction>(TFunction function, BigInteger wei = default)
        where TFunction : FunctionMessage, new() => new(address, artifact.Contract.Encode(function), wei);

    /// <summary>The answer to a call on the newest block.</summary>
    protected Task<TOutput> CallAsync<TFunction, TOutput>(
        IFunction<TFunction, TOutput> function,
        CancellationToken cancellationToken
    )
        where TFunction : FunctionMessage, IFunction<TFunction, TOutput>, new()
        where TOutput : new() => CallAsync(function, BlockTag.Latest, cancellationToken);

    /// <summary>The answer to a call on a block.</summary>
    protected async Task<TOutput> CallAsync<TFunction, TOutput>(
        IFunction<TFunction, TOutput> function,
        BlockTag block,
        CancellationToken cancellationToken
    )
        where TFunction : FunctionMessage, IFunction<TFunction, TOutput>, new()
        where TOutput : new()
    {
        byte[] data = artifact.Contract.Encode((TFunction)function);
        return artifact.Contract.Decode(function, await client.CallAsync(address, data, block, cancellationToken));
    }
}

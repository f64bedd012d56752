using System.Numerics;
using System.Text;
using Meeda.Ethereum;
using Meeda.L1.Contracts;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Nethereum.ABI.FunctionEncoding.Attributes;
using Nethereum.Contracts;

namespace Meeda.Chain.Contract;

/// <summary>
/// What L1 says of wallets: whether a contract calls a signature its own (ERC-1271), and whether an account is the
/// delegate of another (ERC-1056).
/// </summary>
/// <param name="client">L1.</param>
internal sealed class WalletContracts(EthereumClient client)
{
    // Of isValidSignature, before more than any wallet known needs; a node's own limit is some 50 million.
    private const ulong CallGas = 3_000_000;

    private static readonly byte[] MagicValue = [0x16, 0x26, 0xba, 0x7e];

    private static readonly TypedContract Abi = new(
        """
        [{"type":"function","name":"isValidSignature","stateMutability":"view",
          "inputs":[{"name":"hash","type":"bytes32"},{"name":"signature","type":"bytes"}],
          "outputs":[{"name":"magicValue","type":"bytes4"}]},
         {"type":"function","name":"validDelegate","stateMutability":"view",
          "inputs":[{"name":"identity","type":"address"},{"name":"delegateType","type":"bytes32"},
                    {"name":"delegate","type":"address"}],
          "outputs":[{"name":"valid","type":"bool"}]}]
        """
    );

    /// <summary>
    /// Whether a signature of a hash is an account's: by its key (EIP-191's recovery), or by its code (ERC-1271). A key
    /// always speaks for its account; code is asked where the key did not sign.
    /// </summary>
    /// <param name="account">The account.</param>
    /// <param name="hash">The signed hash.</param>
    /// <param name="signature">The signature, untrusted.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="L1UnreachableException">L1 does not answer.</exception>
    /// <exception cref="JsonRpcException">L1 refuses to say.</exception>
    public async Task<bool> IsSignatureOfAsync(
        Address account,
        Bytes32 hash,
        byte[] signature,
        CancellationToken cancellationToken
    )
    {
        if (SignatureRecovery.TryRecover(hash, WithUsualV(signature), out Address signer) && signer == account)
        {
            return true;
        }

        if ((await client.GetCodeAsync(account, BlockTag.Latest, cancellationToken)).Length == 0)
        {
            return false;
        }

        byte[] data = Abi.Encode(new IsValidSignatureFunction { Hash = hash.ToArray(), Signature = signature });
        try
        {
            byte[] answer = await AskAsync(account, data, cancellationToken);
            return answer.Length == Bytes32.Length
                && answer.AsSpan(0, MagicValue.Length).SequenceEqual(MagicValue)
                && !answer.AsSpan(MagicValue.Length).ContainsAnyExcept((byte)0);
        }
        catch (JsonRpcException refused) when (IsOfTheContract(refused))
        {
            return false;
        }
    }

    /// <summary>Whether an account is a valid delegate of another at L1's head.</summary>
    /// <param name="registry">The ERC-1056 registry.</param>
    /// <param name="identity">For whom the delegate acts.</param>
    /// <param name="delegateType">What it may do: at most 32 ASCII characters.</param>
    /// <param name="delegate">The delegate.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="L1UnreachableException">L1 does not answer.</exception>
    /// <exception cref="JsonRpcException">L1 refuses to say.</exception>
    /// <exception cref="InvalidDataException">At the registry's address is no registry.</exception>
    public async Task<bool> IsDelegateAsync(
        Address registry,
        Address identity,
        string delegateType,
        Address @delegate,
        CancellationToken cancellationToken
    )
    {
        byte[] type = new byte[Bytes32.Length];
        Encoding.ASCII.GetBytes(delegateType, type);
        byte[] data = Abi.Encode(
            new ValidDelegateFunction
            {
                Identity = $"{identity}",
                DelegateType = type,
                Delegate = $"{@delegate}",
            }
        );
        // Only an answer is one: a key must not end because an endpoint is in disorder.
        byte[] answer = await AskAsync(registry, data, cancellationToken);
        BigInteger value = new(answer, isUnsigned: true, isBigEndian: true);
        return answer.Length == Bytes32.Length && (value.IsZero || value.IsOne)
            ? value.IsOne
            : throw new InvalidDataException($"there is no ERC-1056 registry at {registry}");
    }

    /// <summary>The signature with v as 27 or 28, where some wallets write 0 or 1.</summary>
    private static byte[] WithUsualV(byte[] signature)
    {
        if (signature is not { Length: 65 } || signature[64] > 1)
        {
            return signature;
        }

        byte[] usual = [.. signature];
        usual[64] += 27;
        return usual;
    }

    /// <summary>The answer of a call on the newest block.</summary>
    private Task<byte[]> AskAsync(Address to, byte[] data, CancellationToken cancellationToken) =>
        client.CallAsync(Address.Zero, new TransactionRequest(to, data), CallGas, BlockTag.Latest, cancellationToken);

    /// <summary>Whether a call failed by what the contract does, and not by what the endpoint does.</summary>
    private static bool IsOfTheContract(JsonRpcException refused) =>
        refused.RevertData.Length > 0
        || refused.NodeMessage.Contains("revert", StringComparison.OrdinalIgnoreCase)
        || refused.NodeMessage.Contains("out of gas", StringComparison.OrdinalIgnoreCase)
        || refused.NodeMessage.Contains("invalid opcode", StringComparison.OrdinalIgnoreCase);

    [Function("isValidSignature", "bytes4")]
    private sealed class IsValidSignatureFunction : FunctionMessage
    {
        [Parameter("bytes32", "hash", 1)]
        public byte[] Hash { get; set; } = [];

        [Parameter("bytes", "signature", 2)]
        public byte[] Signature { get; set; } = [];
    }

    [Function("validDelegate", "bool")]
    private sealed class ValidDelegateFunction : FunctionMessage
    {
        [Parameter("address", "identity", 1)]
        public string Identity { get; set; } = "";

        [Parameter("bytes32", "delegateType", 2)]
        public byte[] DelegateType { get; set; } = [];

        [Parameter("address", "delegate", 3)]
        public string Delegate { get; set; } = "";
    }
}

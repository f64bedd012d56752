using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.L1.Signing;

/// <summary>
/// An account whose key is with a remote signer, called over JSON-RPC (<c>eth_signTransaction</c>; op-signer returns
/// the signed transaction, execution clients an object that contains it as <c>raw</c>). The signer is not trusted: the
/// response must be the requested transaction, signed by the account.
/// </summary>
/// <param name="rpc">The connection to the signer.</param>
/// <param name="address">The account.</param>
public sealed class RemoteSigner(JsonRpcClient rpc, Address address) : ITransactionSigner
{
    /// <inheritdoc/>
    public Address Address => address;

    /// <inheritdoc/>
    public async Task<Signature> SignAsync(UnsignedTransaction transaction, CancellationToken cancellationToken)
    {
        try
        {
            JsonElement answer = await rpc.CallAsync(
                "eth_signTransaction",
                [transaction.ToJsonRpc(address)],
                cancellationToken
            );
            byte[] encoded = (answer.ValueKind == JsonValueKind.Object ? answer.Field("raw") : answer).AsBytes();
            Signature signature = transaction.ReadSignature(encoded);
            return
                SignatureRecovery.TryRecover(transaction.SigningHash(), Bytes(signature), out Address signer)
                && signer == address
                ? signature
                : throw new SigningException($"remote signer: the transaction is not signed by {address}");
        }
        catch (JsonRpcException refusal)
        {
            throw new SigningException($"remote signer: it refuses: {refusal.Message}", refusal);
        }
        catch (L1UnreachableException failure)
        {
            throw new SigningException($"remote signer: {failure.Message}", failure);
        }
        catch (FormatException other)
        {
            throw new SigningException($"remote signer: {other.Message}", other);
        }
    }

    private static byte[] Bytes(Signature signature)
    {
        var bytes = new byte[65];
        return
            signature.R.TryWriteBytes(
                bytes.AsSpan(Padding(signature.R), Bytes32.Length - Padding(signature.R)),
                out _,
                isUnsigned: true,
                isBigEndian: true
            )
            && signature.S.TryWriteBytes(
                bytes.AsSpan(Bytes32.Length + Padding(signature.S), Bytes32.Length - Padding(signature.S)),
                out _,
                isUnsigned: true,
                isBigEndian: true
            )
            ? With27(bytes, signature.YParity)
            : throw new FormatException("signed transaction: its signature is too long");
    }

    private static int Padding(System.Numerics.BigInteger number) =>
        Math.Max(0, Bytes32.Length - number.GetByteCount(isUnsigned: true));

    private static byte[] With27(byte[] bytes, int parity)
    {
        bytes[^1] = (byte)(27 + parity);
        return bytes;
    }
}

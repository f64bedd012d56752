using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Meeda.Chain.Contract;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Node.Tests.Model;

namespace Meeda.Node.Tests.Following;

/// <summary>A chain in memory with two operators that anchor on command.</summary>
internal sealed class AnchoringChain
{
    private static readonly BigInteger Fee = 4_000_000_000;

    private readonly Dictionary<Address, ulong> _nonces = [];

    public AnchoringChain(int blocks = 0)
    {
        Chain = new FakeChain(LocalParameters.Value with { Retention = 1_000 }) { FinalityDepth = 1_000 };
        Contract = new SystemContract(new EthereumClient(Chain), Chain.Contract);
        Chain.Stake(First.Address, LocalParameters.OperatorStake);
        Chain.Stake(Second.Address, LocalParameters.OperatorStake);
        Chain.Mine(blocks);
    }

    public static PrivateKeySigner First { get; } = PrivateKeySigner.FromHex(new string('1', 64));

    public static PrivateKeySigner Second { get; } = PrivateKeySigner.FromHex(new string('2', 64));

    public FakeChain Chain { get; }

    public SystemContract Contract { get; }

    /// <summary>
    /// A placeholder for the only commitment of an operator's n-th anchor: not a point, which no test here checks.
    /// </summary>
    public static byte[] Commitment(string text) => [.. SHA256.HashData(Encoding.UTF8.GetBytes(text)), .. new byte[16]];

    /// <summary>Submits an anchor of one batch with one blob; the next block includes it.</summary>
    /// <param name="signer">The operator.</param>
    /// <param name="commitment">The blob's commitment; null for a unique one that is not a point.</param>
    public Task AnchorAsync(PrivateKeySigner signer, byte[]? commitment = null) =>
        SendAsync(
            signer,
            Contract.Anchors.Anchor(
                [
                    (
                        1_000,
                        commitment
                            ?? Commitment(
                                string.Create(
                                    CultureInfo.InvariantCulture,
                                    $"{signer.Address} {_nonces.GetValueOrDefault(signer.Address)}"
                                )
                            )
                    ),
                ],
                0
            )
        );

    /// <summary>Signs and submits a transaction.</summary>
    public async Task SendAsync(PrivateKeySigner signer, TransactionRequest request)
    {
        ulong nonce = _nonces.GetValueOrDefault(signer.Address);
        _nonces[signer.Address] = nonce + 1;
        byte[] signed = new FeeMarketTransaction(
            Chain.ChainId,
            nonce,
            Fee / 4,
            Fee,
            1_000_000,
            request.To,
            request.Value,
            request.Data
        ).Sign(signer);
        await new EthereumClient(Chain).SendRawTransactionAsync(signed, CancellationToken.None);
    }

    /// <summary>Some blocks with anchors of both, and some without.</summary>
    public async Task AnchorSomeAsync()
    {
        for (int i = 0; i < 6; i++)
        {
            await AnchorAsync(First);
            if (i % 2 == 0)
            {
                await AnchorAsync(Second);
            }

            Chain.Mine(1 + (i % 2));
        }
    }
}

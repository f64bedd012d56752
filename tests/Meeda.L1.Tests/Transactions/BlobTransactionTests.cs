using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Xunit;

namespace Meeda.L1.Tests.Transactions;

/// <summary>
/// The blob of zeros: its polynomial is zero, so its commitment and all its proofs are the point at infinity, which
/// needs no KZG code.
/// </summary>
public sealed class BlobTransactionTests
{
    private static readonly Address To = Address.Parse("0x00000000000000000000000000000000000a11ce");
    private static readonly byte[] Infinity = [0xc0, .. new byte[BlobSidecar.PointLength - 1]];
    private static readonly BlobSidecar Zero = new(
        [new byte[BlobSidecar.BlobLength]],
        [Infinity],
        [.. Enumerable.Repeat(Infinity, BlobSidecar.CellsPerBlob)]
    );

    [Fact]
    public void VersionedHashes_OfInfinity_IsTheOneOfEip4844() =>
        Assert.Equal(
            Bytes32.Parse("0x010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014"),
            Zero.VersionedHashes().Single()
        );

    [SkippableFact]
    public async Task SignWithSidecar_WithCellProofs_IsMinedByARealNode()
    {
        await using Chain chain = await Chain.StartAsync();
        BlobTransaction transaction = await TransactionAsync(chain);
        PrivateKeySigner signer = PrivateKeySigner.FromHex(Anvil.FundedKey);
        Bytes32 hash = await chain.Client.SendRawTransactionAsync(
            transaction.SignWithSidecar(signer, Zero),
            CancellationToken.None
        );
        Assert.Equal(Keccak256.Hash(transaction.Sign(signer)), hash);
        TransactionReceipt receipt = await chain.ReceiptAsync(hash);
        Assert.True(receipt.Succeeded);
        Assert.True(receipt.EffectiveGasPrice > 0);
        Assert.Equal(
            (ulong)BlobSidecar.BlobLength,
            (
                await chain.Client.GetBlockAsync(BlockTag.Number(receipt.BlockNumber), CancellationToken.None)
            )!.BlobGasUsed
        );
        JsonElement blobs = await chain.CallAsync("anvil_getBlobsByTransactionHash", hash.ToString());
        Assert.Equal(new string('0', 2 * BlobSidecar.BlobLength), blobs[0].GetString()![2..]);
    }

    [SkippableFact]
    public async Task SignWithSidecar_WithAFalseProof_IsRefusedByARealNode()
    {
        // A point of the group that is not the proof: the generator (EIP-2537).
        byte[] generator = Convert.FromHexString(
            "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
        );
        await using Chain chain = await Chain.StartAsync();
        BlobTransaction transaction = await TransactionAsync(chain);
        byte[] signed = transaction.SignWithSidecar(
            PrivateKeySigner.FromHex(Anvil.FundedKey),
            Zero with
            {
                CellProofs = [generator, .. Zero.CellProofs.Skip(1)],
            }
        );
        await Assert.ThrowsAsync<JsonRpcException>(() =>
            chain.Client.SendRawTransactionAsync(signed, CancellationToken.None)
        );
    }

    [Fact]
    public void SignWithSidecar_OfAnotherTransactionOrShape_IsRefused()
    {
        PrivateKeySigner signer = PrivateKeySigner.FromHex(Anvil.FundedKey);
        var transaction = new BlobTransaction(1, 0, 1, 1, 21_000, To, 0, [], 1, Zero.VersionedHashes());
        Assert.Throws<ArgumentException>(() =>
            (transaction with { BlobVersionedHashes = [Bytes32.Zero] }).SignWithSidecar(signer, Zero)
        );
        Assert.Throws<ArgumentException>(() =>
            transaction.SignWithSidecar(signer, Zero with { CellProofs = [Infinity] })
        );
        Assert.Throws<ArgumentException>(() =>
            transaction.SignWithSidecar(signer, Zero with { Blobs = [new byte[32]] })
        );
        Assert.Throws<ArgumentException>(() => transaction.SignWithSidecar(signer, Zero with { Blobs = [] }));
    }

    private static async Task<BlobTransaction> TransactionAsync(Chain chain) =>
        new(
            await chain.Client.GetChainIdAsync(CancellationToken.None),
            0,
            1_000_000_000,
            10_000_000_000,
            21_000,
            To,
            0,
            [],
            10 * (await chain.Client.GetBlobBaseFeeAsync(CancellationToken.None))!.Value,
            Zero.VersionedHashes()
        );
}

using System.Numerics;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Node.Tests.Http;
using Meeda.Operator.Nitro;
using Meeda.Testing;
using Meeda.Testing.Abi;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Meeda.Node.Tests.Conformance;

/// <summary>
/// The service's proofs, submitted to the contracts that check them, on a real EVM. The last two tests use third-party
/// bytecode: OneStepProverHostIo of the package @arbitrum/nitro-contracts, whose opcodes and proof layout they follow,
/// and DataAvailabilityChallenge of @eth-optimism/contracts-bedrock, whose status 1 is active and 2 resolved. The first
/// uses our own contract.
/// </summary>
[Trait("Category", "Conformance")]
public sealed class ChainTests(OperatorFixture node) : IClassFixture<OperatorFixture>
{
    // Nitro's opcodes of two host calls.
    private const ushort ValidateCertificate = 0x8019;
    private const ushort ReadPreimage = 0x8020;

    private static readonly string Contracts = Path.Combine(Repository.Root, "contracts");

    /// <summary>
    /// Every distinct alignment of an offset to the 31-byte elements and the blobs' ends; the last chunk is short.
    /// </summary>
    [SkippableFact]
    public async Task ValidateReadPreimage_TheServicesOpenings_GiveTheBatchsBytes_AndNothingElsePasses()
    {
        await using Anvil anvil = await Anvil.StartAsync();
        using JsonDocument artifact = Artifact("abi", "MeedaDAProofValidator.json");
        (EthereumClient client, TransactionSender sender, HttpClient http) = Connect(anvil);
        using HttpClient owned = http;
        var abi = ContractAbi.Parse(artifact.RootElement.GetProperty("abi").GetRawText());
        Address validator = await DeployValidatorAsync(sender);

        DaProvider provider = node.Services.GetRequiredService<DaProvider>();
        var payload = new byte[126_945 + 150];
        new Random(8).NextBytes(payload);
        byte[] certificate = await provider.StoreAsync(payload, room: null, CancellationToken.None);
        byte[] hash = Keccak256.Hash(certificate).ToArray();
        async Task<byte[]> ReadAsync(byte[] certHash, ulong offset, byte[] proof) =>
            (byte[])
                abi.Function("validateReadPreimage")
                    .Decode(
                        await client.CallAsync(
                            validator,
                            abi.Function("validateReadPreimage").Encode(certHash, new BigInteger(offset), proof),
                            BlockTag.Latest,
                            CancellationToken.None
                        )
                    )[0];
        async Task<byte[]> ProofAsync(ulong offset) =>
            [
                .. SizeOf(certificate),
                .. certificate,
                .. await provider.ProveReadAsync(offset, certificate, CancellationToken.None),
            ];

        // 126,945 is the first byte of the second blob.
        foreach (
            ulong offset in new ulong[]
            {
                0,
                31,
                32,
                64,
                992,
                126_912,
                126_944,
                126_976,
                (ulong)payload.Length / 32 * 32,
            }
        )
        {
            byte[] expected = payload.AsSpan((int)offset, Math.Min(32, payload.Length - (int)offset)).ToArray();
            Assert.Equal(expected, await ReadAsync(hash, offset, await ProofAsync(offset)));
        }

        byte[] good = await ProofAsync(64);
        Assert.Empty(await ReadAsync(hash, (ulong)payload.Length, await ProofAsync((ulong)payload.Length)));
        await Assert.ThrowsAnyAsync<Exception>(() => ReadAsync(hash, 96, good));
        await Assert.ThrowsAnyAsync<Exception>(() => ReadAsync(new byte[32], 64, good));
        for (int at = 8 + certificate.Length; at < good.Length; at += 13)
        {
            byte[] changed = [.. good];
            changed[at] ^= 0x01;
            await Assert.ThrowsAnyAsync<Exception>(() => ReadAsync(hash, 64, changed));
        }

        async Task<bool> ValidAsync(byte[] made) =>
            (bool)
                abi.Function("validateCertificate")
                    .Decode(
                        await client.CallAsync(
                            validator,
                            abi.Function("validateCertificate")
                                .Encode((object)(byte[])[.. SizeOf(made), .. made, .. provider.ProveValidity(made)]),
                            BlockTag.Latest,
                            CancellationToken.None
                        )
                    )[0];
        Assert.True(await ValidAsync(certificate));
        for (int at = 0; at < certificate.Length; at += 5)
        {
            byte[] changed = [.. certificate];
            changed[at] ^= 0x10;
            Assert.Equal(provider.ProveValidity(changed)[0] == 1, await ValidAsync(changed));
        }
    }

    /// <summary>
    /// Nitro's own one-step prover for host calls asks our validator with proofs that the service made: reading a
    /// preimage and validating a certificate, as a challenged machine does both.
    /// The machine's memory is one leaf, which holds the certificate's hash.
    /// </summary>
    [SkippableFact]
    public async Task NitrosOneStepProver_WithTheServicesProofs_ReadsThePreimageAndJudgesCertificates()
    {
        string package = Path.Combine(
            Contracts,
            "node_modules",
            "@arbitrum",
            "nitro-contracts",
            "build",
            "contracts",
            "src",
            "osp",
            "OneStepProverHostIo.sol",
            "OneStepProverHostIo.json"
        );
        Skip.IfNot(File.Exists(package), "@arbitrum/nitro-contracts is not installed: run npm ci in contracts/");
        await using Anvil anvil = await Anvil.StartAsync();
        (EthereumClient client, TransactionSender sender, HttpClient http) = Connect(anvil);
        using HttpClient owned = http;
        Address validator = await DeployValidatorAsync(sender);
        using JsonDocument artifact = JsonDocument.Parse(await File.ReadAllBytesAsync(package));
        var abi = ContractAbi.Parse(artifact.RootElement.GetProperty("abi").GetRawText());
        byte[] creation = abi.Constructor.Encode(
            Convert.FromHexString(artifact.RootElement.GetProperty("bytecode").GetString()![2..]),
            validator
        );
        Address prover = (await sender.SendAsync(new TransactionRequest(null, creation), CancellationToken.None))
            .ContractAddress!
            .Value;

        DaProvider provider = node.Services.GetRequiredService<DaProvider>();
        var payload = new byte[126_945 + 150];
        new Random(8).NextBytes(payload);
        byte[] certificate = await provider.StoreAsync(payload, room: null, CancellationToken.None);
        foreach (ulong offset in new ulong[] { 0, 32, 126_912, 126_944, (ulong)payload.Length / 32 * 32 })
        {
            byte[] expected = payload.AsSpan((int)offset, Math.Min(32, payload.Length - (int)offset)).ToArray();
            byte[] proof =
            [
                0,
                .. SizeOf(certificate),
                .. certificate,
                .. await provider.ProveReadAsync(offset, certificate, CancellationToken.None),
            ];
            (BigInteger count, byte[] leaf) = await StepAsync(ReadPreimage, 3, [0, offset], certificate, proof);
            Assert.Equal(expected.Length, count);
            Assert.Equal([.. expected, .. Keccak256.Hash(certificate).ToArray()[expected.Length..]], leaf);
        }

        // A wrong opening does not verify, nor does one of another position.
        byte[] other =
        [
            0,
            .. SizeOf(certificate),
            .. certificate,
            .. await provider.ProveReadAsync(64, certificate, CancellationToken.None),
        ];
        await Assert.ThrowsAnyAsync<Exception>(() => StepAsync(ReadPreimage, 3, [0, 32], certificate, other));
        other[^1] ^= 1;
        await Assert.ThrowsAnyAsync<Exception>(() => StepAsync(ReadPreimage, 3, [0, 64], certificate, other));

        // At the end our validator returns nothing, which these contracts do not accept: docs/guides/nitro.md describes
        // the consequence.
        byte[] end =
        [
            0,
            .. SizeOf(certificate),
            .. certificate,
            .. await provider.ProveReadAsync(127_104, certificate, CancellationToken.None),
        ];
        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() =>
            StepAsync(ReadPreimage, 3, [0, 127_104], certificate, end)
        );
        Assert.Contains("INVALID_CUSTOM_DA_RESPONSE", refused.ToString(), StringComparison.Ordinal);

        // The service's verdict on a certificate matches the prover's; the opposite claim is rejected.
        byte[] changed = [.. certificate];
        changed[20] ^= 1;
        foreach ((byte[] made, int valid) in new[] { (certificate, 1), (changed, 0) })
        {
            byte[] claim = [.. SizeOf(made), .. made, .. provider.ProveValidity(made)];
            Assert.Equal(valid, (await StepAsync(ValidateCertificate, 0, [0, 3], made, claim)).Top);
            claim[8 + made.Length] ^= 1;
            await Assert.ThrowsAnyAsync<Exception>(() => StepAsync(ValidateCertificate, 0, [0, 3], made, claim));
        }

        async Task<(BigInteger Top, byte[] Leaf)> StepAsync(
            ushort opcode,
            ulong argument,
            ulong[] stack,
            byte[] made,
            byte[] proof
        )
        {
            byte[] zero = new byte[32],
                none = [.. Enumerable.Repeat((byte)0xff, 32)],
                hash = Keccak256.Hash(made).ToArray();
            object Stack(IEnumerable<ulong> values) =>
                new object[]
                {
                    new object[]
                    {
                        values
                            .Select(value => (object)new object[] { BigInteger.Zero, new BigInteger(value) })
                            .ToArray(),
                    },
                    zero,
                };
            object multi = new object[] { none, zero };
            object machine = new object[]
            {
                BigInteger.Zero,
                Stack(stack),
                multi,
                Stack([]),
                new object[] { Array.Empty<object>(), zero },
                multi,
                zero,
                BigInteger.Zero,
                BigInteger.Zero,
                BigInteger.Zero,
                none,
                zero,
            };
            object module = new object[]
            {
                zero,
                new object[] { new BigInteger(32), new BigInteger(32), LeafHash(hash) },
                zero,
                zero,
                zero,
                BigInteger.Zero,
            };
            AbiFunction step = abi.Function("executeOneStep");
            AbiTuple result = step.Decode(
                await client.CallAsync(
                    prover,
                    step.Encode(
                        new object[] { BigInteger.Zero, default(Address), zero },
                        machine,
                        module,
                        new object[] { new BigInteger(opcode), new BigInteger(argument) },
                        (byte[])[.. hash, 0, .. proof]
                    ), // the leaf, and no hashes above it
                    BlockTag.Latest,
                    CancellationToken.None
                )
            );
            var values = (IReadOnlyList<object>)At(result, 0, 1, 0, 0);
            var root = (Bytes32)At(result, 1, 1, 2);

            // Only the leaf's hash is known: it must be the old leaf with the value's bytes in front, or unchanged.
            var top = (BigInteger)((AbiTuple)values[^1])["contents"];
            byte[] leaf =
                opcode == ReadPreimage ? [.. payload.AsSpan((int)stack[1], (int)top), .. hash[(int)top..]] : hash;
            Assert.Equal(LeafHash(leaf), root.ToArray());
            return (top, leaf);
        }

        static object At(AbiTuple tuple, params int[] path) =>
            path.Aggregate((object)tuple, (value, index) => ((AbiTuple)value)[index]);

        static byte[] LeafHash(byte[] leaf) => Keccak256.Hash([.. "Memory leaf:"u8, .. leaf]).ToArray();
    }

    [SkippableFact]
    public async Task DataAvailabilityChallenge_ChallengedKeccakCommitment_IsResolvedWithWhatGetReturns()
    {
        string package = Path.Combine(
            Contracts,
            "node_modules",
            "@eth-optimism",
            "contracts-bedrock",
            "forge-artifacts",
            "DataAvailabilityChallenge.sol",
            "DataAvailabilityChallenge.json"
        );
        Skip.IfNot(File.Exists(package), "@eth-optimism/contracts-bedrock is not installed: run npm ci in contracts/");
        await using Anvil anvil = await Anvil.StartAsync();
        (EthereumClient client, TransactionSender sender, HttpClient http) = Connect(anvil);
        using HttpClient owned = http;
        using JsonDocument artifact = JsonDocument.Parse(await File.ReadAllBytesAsync(package));
        var abi = ContractAbi.Parse(artifact.RootElement.GetProperty("abi").GetRawText());
        byte[] creation = Convert.FromHexString(
            artifact.RootElement.GetProperty("bytecode").GetProperty("object").GetString()![2..]
        );
        Address implementation = (
            await sender.SendAsync(new TransactionRequest(null, creation), CancellationToken.None)
        )
            .ContractAddress!
            .Value;

        // The implementation locks its initializer, so the test uses an EIP-1167 clone of it, as a proxy would.
        byte[] clone = Convert.FromHexString(
            $"3d602d80600a3d3981f3363d3d373d3d3d363d73{implementation.ToString()[2..].ToLowerInvariant()}5af43d82803e903d91602b57fd5bf3"
        );
        Address contract = (await sender.SendAsync(new TransactionRequest(null, clone), CancellationToken.None))
            .ContractAddress!
            .Value;
        Task<TransactionReceipt> SendAsync(BigInteger value, string function, params object[] arguments) =>
            sender.SendAsync(
                new TransactionRequest(contract, abi.Function(function).Encode(arguments), value),
                CancellationToken.None
            );
        await SendAsync(
            0,
            "initialize",
            sender.Address,
            new BigInteger(100),
            new BigInteger(100),
            new BigInteger(1000),
            new BigInteger(0)
        );

        var frame = new byte[4_000];
        new Random(9).NextBytes(frame);
        byte[] commitment = [0x00, .. Keccak256.Hash(frame).ToArray()];
        using var batcher = new GoClient(node.Address);
        string path = $"0x{Convert.ToHexStringLower(commitment)}";
        Assert.Equal(200, (await batcher.PostAsync($"/put/{path}", frame)).Status);

        ulong block = await client.GetBlockNumberAsync(CancellationToken.None);
        await SendAsync(1000, "challenge", new BigInteger(block), commitment);
        async Task<BigInteger> StatusAsync() =>
            new(
                await client.CallAsync(
                    contract,
                    abi.Function("getChallengeStatus").Encode(new BigInteger(block), commitment),
                    BlockTag.Latest,
                    CancellationToken.None
                ),
                isUnsigned: true,
                isBigEndian: true
            );
        Assert.Equal(1, await StatusAsync());
        byte[] data = (await batcher.GetAsync($"/get/{path}?l1_inclusion_block_number={block}")).Body;
        await SendAsync(0, "resolve", new BigInteger(block), commitment, data);
        Assert.Equal(2, await StatusAsync());
    }

    /// <summary>Our validator, which trusts the operator of these tests.</summary>
    /// <summary>Where the operator's certificates say that it is.</summary>
    private static async Task<Address> DeployValidatorAsync(TransactionSender sender)
    {
        Address made = (
            await sender.SendAsync(
                DaProofValidatorContract.Deploy(0x4d, PrivateKeySigner.FromHex(new string('1', 64)).Address),
                CancellationToken.None
            )
        )
            .ContractAddress!
            .Value;
        Assert.Equal(OperatorFixture.Nitro.Validator, made);
        return made;
    }

    private static byte[] SizeOf(byte[] certificate) => [.. BitConverter.GetBytes((ulong)certificate.Length).Reverse()];

    private static JsonDocument Artifact(params string[] path) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine([Contracts, .. path])));

    private static (EthereumClient Client, TransactionSender Sender, HttpClient Http) Connect(Anvil anvil)
    {
        var http = new HttpClient { BaseAddress = anvil.Rpc };
        var client = new EthereumClient(new JsonRpcClient(http));
        var options = new TransactionSenderOptions { Confirmations = 0, PollInterval = TimeSpan.FromMilliseconds(50) };
        return (client, new TransactionSender(client, PrivateKeySigner.FromHex(Anvil.FundedKey), options), http);
    }
}

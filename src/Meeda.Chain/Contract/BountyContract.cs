using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Contracts;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.Chain.Contract;

/// <summary>
/// Ether for whoever carries a blob in a transaction. It belongs to no deployment of the protocol: one stands at
/// <see cref="UsualAddress"/> on every chain.
/// </summary>
/// <param name="client">L1.</param>
/// <param name="address">The contract's address.</param>
internal sealed class BountyContract(EthereumClient client, Address address)
    : PartContract(client, address, ContractArtifact.Bounty)
{
    private static readonly EventReader<BountyPaidEventData> Paid =
        ContractArtifact.Bounty.Contract.Event<BountyPaidEventData>();

    /// <summary>The most blocks for which a bounty stands.</summary>
    public const uint MostBlocks = 2_628_000;

    /// <summary>The bounties that one transaction may put up or take back: well within its maximum of gas.</summary>
    public const int MostAtOnce = 100;

    /// <summary>Where it stands on every chain: by CREATE2 with a salt of 0.</summary>
    public static Address UsualAddress { get; } =
        DeploymentProxy.AddressOf(ContractArtifact.Bounty.Bytecode, salt: default);

    /// <summary>The fewest blocks for which a bounty stands on a chain.</summary>
    public static uint LeastBlocks(ulong chainId) => chainId == 31_337 ? 8u : 7_200;

    /// <summary>The transaction that makes it at <see cref="UsualAddress"/>.</summary>
    public static TransactionRequest Deploy() =>
        DeploymentProxy.Create(ContractArtifact.Bounty.Bytecode, salt: default);

    /// <summary>The transaction that puts a bounty on each of some blobs.</summary>
    /// <param name="versionedHashes">The blobs' versioned hashes, at most <see cref="MostAtOnce"/>.</param>
    /// <param name="each">The ether on each, in wei.</param>
    /// <param name="blocks">Blocks without a refund, <see cref="LeastBlocks"/> to <see cref="MostBlocks"/>.</param>
    /// <param name="about">What the blobs are part of, for archives: the batch's id.</param>
    public TransactionRequest Fund(
        IReadOnlyCollection<Bytes32> versionedHashes,
        BigInteger each,
        uint blocks,
        Bytes32 about
    ) =>
        Request(
            new FundBountiesFunction
            {
                VersionedHashes = Words(versionedHashes),
                Blocks = blocks,
                About = about.ToArray(),
            },
            each * versionedHashes.Count
        );

    /// <summary>The call that is paid bounties for the blobs of the same transaction.</summary>
    /// <param name="claims">Each bounty with the place of its blob.</param>
    public TransactionRequest Claim(IReadOnlyCollection<(ulong Id, int Place)> claims) =>
        Request(
            new ClaimBountiesFunction
            {
                Ids = [.. claims.Select(claim => new BigInteger(claim.Id))],
                Places = [.. claims.Select(claim => new BigInteger(claim.Place))],
            }
        );

    /// <summary>The transaction by which a funder takes bounties back whose life is over.</summary>
    /// <param name="ids">The bounties, at most <see cref="MostAtOnce"/>.</param>
    public TransactionRequest Refund(IEnumerable<ulong> ids) =>
        Request(new RefundBountiesFunction { Ids = [.. ids.Select(id => new BigInteger(id))] });

    /// <summary>Whether there is code at the address.</summary>
    public async Task<bool> StandsAsync(CancellationToken cancellationToken) =>
        (await Client.GetCodeAsync(Address, BlockTag.Latest, cancellationToken)).Length > 0;

    /// <summary>The number of bounties ever funded up to a block.</summary>
    public async Task<ulong> CountAsync(BlockTag block, CancellationToken cancellationToken) =>
        (ulong)(await CallAsync(new BountyCountFunction(), block, cancellationToken)).Value1;

    /// <summary>The bounties of a range of ids that stand in the newest block.</summary>
    /// <param name="first">The first id.</param>
    /// <param name="count">How many ids at most.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<IReadOnlyList<StandingBounty>> ReadAsync(
        ulong first,
        int count,
        CancellationToken cancellationToken
    ) =>
        [
            .. (await CallAsync(new GetBountiesFunction { FirstId = first, Count = count }, cancellationToken))
                .Bounties.Select(
                    (bounty, i) =>
                        new StandingBounty(
                            first + (ulong)i,
                            Bytes32.FromBytes(bounty.VersionedHash),
                            bounty.Amount,
                            Address.Parse(bounty.Funder),
                            (ulong)bounty.RefundableFrom,
                            Bytes32.FromBytes(bounty.About)
                        )
                )
                .Where(bounty => !bounty.Amount.IsZero),
        ];

    /// <summary>What an account was paid in a block.</summary>
    /// <returns>Each bounty with its amount in wei.</returns>
    public async Task<IReadOnlyDictionary<ulong, BigInteger>> ReadPaidAsync(
        Address claimant,
        ulong block,
        CancellationToken cancellationToken
    )
    {
        Bytes32 topic = SystemContract.Topic(claimant);
        IReadOnlyList<Log> logs = await Client.GetLogsAsync(
            [Address],
            [
                [Paid.Topic],
                null,
                null,
                [topic],
            ],
            block,
            block,
            cancellationToken
        );
        return logs.Where(log =>
                log.Address == Address
                && log.BlockNumber == block
                && log.Topics is [var paid, _, _, var who]
                && paid == Paid.Topic
                && who == topic
            )
            .Select(Paid.Read)
            .ToDictionary(paid => (ulong)paid.Id, paid => paid.Amount);
    }

    /// <summary>A bounty as it stands in the newest block; null where it is closed.</summary>
    public async Task<StandingBounty?> FindAsync(ulong id, CancellationToken cancellationToken) =>
        (await ReadAsync(id, count: 1, cancellationToken)).SingleOrDefault();
}

/// <summary>A bounty that is neither paid nor taken back.</summary>
/// <param name="Id">Its number in the contract.</param>
/// <param name="VersionedHash">The blob's versioned hash.</param>
/// <param name="Amount">The ether on it, in wei.</param>
/// <param name="Funder">Whose it is.</param>
/// <param name="RefundableFrom">The first block in which the funder may take it back.</param>
/// <param name="About">What the blob is part of, as the funder says: a batch's id, or anything.</param>
internal sealed record StandingBounty(
    ulong Id,
    Bytes32 VersionedHash,
    BigInteger Amount,
    Address Funder,
    ulong RefundableFrom,
    Bytes32 About
);

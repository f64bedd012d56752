using Meeda.Chain.Bounties;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Bounties;

/// <summary>
/// The open bounties on blobs of batches that this operator keeps, according to the contract's state. All are read
/// after each start, and recent ids again at each poll, so neither a restart nor a reorganisation loses one. Not
/// thread-safe.
/// </summary>
/// <param name="client">L1.</param>
/// <param name="contract">The contract.</param>
/// <param name="ledger">The batches.</param>
internal sealed class BountyBook(EthereumClient client, BountyContract contract, Ledger ledger)
{
    // Ethereum has had no deeper reorganisation since the merge.
    private const ulong ReorganisationDepth = 64;

    private const int PageLength = 200;

    // Flooding this list costs a bounty for each entry; the smallest bounties are dropped.
    private const int MaxHeld = 10_000;

    private readonly Dictionary<ulong, HeldBounty> _held = [];
    private ulong _next;

    /// <summary>The bounties found. Some may have been closed meanwhile.</summary>
    public IReadOnlyCollection<HeldBounty> Held => _held.Values;

    /// <summary>Reads new bounties up to L1's head.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        ulong settled = await SettledAsync(cancellationToken);
        ulong count = await contract.CountAsync(BlockTag.Latest, cancellationToken);

        // A reorganisation may have assigned these ids to other bounties.
        foreach (ulong id in _held.Keys.Where(id => id >= _next).ToArray())
        {
            _held.Remove(id);
        }

        for (ulong first = _next; first < count; first += PageLength)
        {
            foreach (StandingBounty bounty in await contract.ReadAsync(first, PageLength, cancellationToken))
            {
                await AddAsync(bounty, cancellationToken);
            }
        }

        _next = Math.Min(settled, count);
    }

    /// <summary>Whether a bounty is still as it was found; drops it if not.</summary>
    public async Task<bool> StandsAsync(HeldBounty held, CancellationToken cancellationToken)
    {
        if (await contract.FindAsync(held.Bounty.Id, cancellationToken) == held.Bounty)
        {
            return true;
        }

        _held.Remove(held.Bounty.Id);
        return false;
    }

    /// <summary>The id below which no reorganisation changes anything; 0 if L1 cannot say.</summary>
    private async Task<ulong> SettledAsync(CancellationToken cancellationToken)
    {
        ulong head = await client.GetBlockNumberAsync(cancellationToken);
        try
        {
            return head < ReorganisationDepth
                ? 0
                : await contract.CountAsync(BlockTag.Number(head - ReorganisationDepth), cancellationToken);
        }
        catch (Exception unanswered) when (unanswered is JsonRpcException or L1UnreachableException or FormatException)
        {
            return 0; // The endpoint does not have that state, or the contract is younger.
        }
    }

    private async Task AddAsync(StandingBounty bounty, CancellationToken cancellationToken)
    {
        var id = new BatchId(bounty.About);
        if (await ledger.FindBatchAsync(id, cancellationToken) is not { DeletedAt: null } batch)
        {
            return;
        }

        List<Bytes32> hashes = [.. BatchBlobs.VersionedHashes(batch.Commitments)];
        int index = hashes.IndexOf(bounty.VersionedHash);
        if (index < 0)
        {
            return;
        }

        _held[bounty.Id] = new HeldBounty(bounty, id, index);
        if (_held.Count > MaxHeld)
        {
            _held.Remove(_held.Values.MinBy(each => each.Bounty.Amount)!.Bounty.Id);
        }
    }
}

using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.L1.Signing;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Signatures;

namespace Meeda.Operator.Payments;

/// <content>Orders that rollups sign (docs/protocol.md, "Payments").</content>
internal sealed partial class RollupEscrows
{
    private ContractDomain? _domain;

    /// <summary>
    /// Makes sure that the contract takes the order that comes with a batch: the rollup's poster signed it, and it
    /// allows one more anchor. Where no order comes, nothing is checked.
    /// </summary>
    /// <param name="batch">The batch, with its payer and order.</param>
    /// <param name="isKnown">Whether it may have been charged before.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="DaException">It does not, or L1 does not say.</exception>
    public async Task EnsureSignedAsync(StoredBatch batch, bool isKnown, CancellationToken cancellationToken)
    {
        if (batch is not { Payer: { } payer, Order: { } order })
        {
            return;
        }

        RollupEscrow escrow = await ReadAsync(payer, cancellationToken);
        Address? signer = await SignerAsync(payer, batch.Id, order, cancellationToken);
        EscrowPosters posters = escrow.State.Posters;
        if (signer is null || signer != posters.Current || signer != posters.Lasting)
        {
            throw new DaException(
                DaError.MalformedRequest,
                $"{SignedOrder.HeaderName}: {Named(signer)} signed an order of {payer} for batch {batch.Id} and "
                    + $"operator {account.Address}; expected is {posters.Lasting}"
                    + (posters.Lasting == posters.Current ? "" : $", once it is the poster ({posters.Current} leaves)")
            );
        }

        BigInteger spent = isKnown
            ? await AskAsync(
                payer,
                () => system.Escrow.SpentByOrdersAsync(payer, account.Address, batch.Id, cancellationToken)
            )
            : BigInteger.Zero;
        if (escrow.WhyNotByOrder(batch.PayloadLength, order, spent) is { } problem)
        {
            throw new DaException(DaError.PaymentRequired, $"escrow: {payer}: {problem}; nothing of it is stored");
        }
    }

    private static string Named(Address? signer) => signer is null ? "nobody" : $"{signer}";

    private async Task<Address?> SignerAsync(
        Address payer,
        BatchId batch,
        SignedOrder order,
        CancellationToken cancellationToken
    )
    {
        ContractDomain domain = _domain ??= await AskAsync(payer, () => system.Escrow.DomainAsync(cancellationToken));
        Bytes32 digest = new Order(payer, batch, account.Address, order.MaxWei, order.Deadline).Digest(domain);
        return SignatureRecovery.TryRecover(digest, order.ToSignature(), out Address signer) ? signer : null;
    }
}

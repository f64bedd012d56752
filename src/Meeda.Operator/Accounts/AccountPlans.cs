using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Chain.Payments;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Operator.L1;
using Meeda.Protocol.Signatures;

namespace Meeda.Operator.Accounts;

/// <summary>
/// The transactions of an operation on an operator's account, made from what L1 says now. Nothing is sent here.
/// </summary>
/// <param name="system">The contracts.</param>
/// <param name="client">L1.</param>
/// <param name="account">The account and its operator key.</param>
/// <param name="sender">Who will send the transactions.</param>
/// <param name="key">The signer of the operator key's consent; null where it cannot sign one.</param>
internal sealed class AccountPlans(
    SystemContract system,
    EthereumClient client,
    OperatorAccount account,
    Address sender,
    PrivateKeySigner? key
)
{
    private const ulong SetKeyGas = 120_000;
    private const ulong ClaimGas = 60_000;

    private AnchorsContract Anchors => system.Anchors;

    /// <summary>The transactions of an operation.</summary>
    /// <returns>Them in their order; none where there is nothing to do.</returns>
    /// <exception cref="SetupException">The contracts would refuse it: the message says why.</exception>
    public async Task<IReadOnlyList<PlannedTransaction>> PlanAsync(
        AccountOperation operation,
        CancellationToken cancellationToken
    )
    {
        AccountState state = await Anchors.AccountAsync(account.Address, cancellationToken);
        bool isOpenToAll = operation.Kind is AccountOperationKind.Settle or AccountOperationKind.Claim;
        if (operation.Kind is not AccountOperationKind.Stake && state.Owner == Address.Zero)
        {
            throw new SetupException($"account: no account {account.Address} is registered; stake first");
        }

        if (!isOpenToAll && operation.Kind is not AccountOperationKind.Stake)
        {
            EnsureOwner(state);
        }

        return operation.Kind switch
        {
            AccountOperationKind.Stake => await StakeAsync(state, operation.Amount, cancellationToken),
            AccountOperationKind.SetKey => await SetKeyAsync(state, cancellationToken),
            AccountOperationKind.Unstake => await UnstakeAsync(state, cancellationToken),
            AccountOperationKind.CancelUnstake => CancelUnstake(state),
            AccountOperationKind.Withdraw => await WithdrawAsync(state, cancellationToken),
            AccountOperationKind.Price =>
            [
                new(
                    $"set the price to {operation.Amount} wei for each byte and block",
                    system.Escrow.SetPrice(account.Address, operation.Amount)
                ),
            ],
            AccountOperationKind.Settle => await SettleAsync(cancellationToken),
            AccountOperationKind.Claim => await Claims.PlanAsync(system, state.Owner, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(operation)),
        };
    }

    private void EnsureOwner(AccountState state)
    {
        if (state.Owner != sender)
        {
            throw new SetupException(
                $"account: {account.Address} is owned by {state.Owner}, and {sender} would send this; name the owner's "
                    + "key (--owner-key-file)"
            );
        }
    }

    private async Task<IReadOnlyList<PlannedTransaction>> StakeAsync(
        AccountState state,
        BigInteger amount,
        CancellationToken cancellationToken
    )
    {
        SystemParameters parameters = await system.ParametersAsync(cancellationToken);
        if (state.IsSlashed)
        {
            throw new SetupException($"account: {account.Address} was slashed; only a new account can stake");
        }

        if (state.Stake + amount < parameters.MinimumStake)
        {
            throw new SetupException(
                $"amount: the stake would be {EtherAmount.Show(state.Stake + amount)}, and the minimum is "
                    + EtherAmount.Show(parameters.MinimumStake)
            );
        }

        var plan = new List<PlannedTransaction>();
        if (state.Owner == Address.Zero)
        {
            if (sender != account.Address)
            {
                throw new SetupException(
                    $"account: {account.Address} is not registered, and only its own key can register it; {sender} "
                        + "would send this"
                );
            }

            plan.Add(
                new(
                    $"register account {account.Address} with a stake of {EtherAmount.Show(amount)}",
                    Anchors.Register(amount)
                )
            );
            plan.Add(await SetKeyAsync(state with { Owner = sender }, SetKeyGas, cancellationToken));
            return plan;
        }

        plan.Add(
            new(
                $"add {EtherAmount.Show(amount)} to the stake of {EtherAmount.Show(state.Stake)}",
                Anchors.StakeFor(account.Address, amount)
            )
        );
        if (state.Key == Address.Zero && state.Owner == sender)
        {
            plan.Add(await SetKeyAsync(state, assumedGas: null, cancellationToken));
        }

        return plan;
    }

    private async Task<IReadOnlyList<PlannedTransaction>> SetKeyAsync(
        AccountState state,
        CancellationToken cancellationToken
    ) => state.Key == account.Key ? [] : [await SetKeyAsync(state, assumedGas: null, cancellationToken)];

    private async Task<PlannedTransaction> SetKeyAsync(
        AccountState state,
        ulong? assumedGas,
        CancellationToken cancellationToken
    )
    {
        if (await Anchors.AccountEverOfAsync(account.Key, cancellationToken) is { } taken)
        {
            throw new SetupException(
                $"key: {account.Key} is or was the operator key of {taken}; a key serves one account and once: make a "
                    + "new one"
            );
        }

        (Bytes32 r, Bytes32 vs) = (default, default);
        if (account.Key != sender)
        {
            var domain = new ContractDomain(await client.GetChainIdAsync(cancellationToken), Anchors.Address);
            (r, vs) = (
                key
                ?? throw new SetupException(
                    "key: its signer cannot sign the consent (EIP-712) that the contract asks for; use a key file, or "
                        + "let the operator key's own account register"
                )
            )
                .Sign(new OperatorKeyConsent(account.Address, account.Key, state.KeyNonce).Digest(domain))
                .ToCompact();
        }

        return new(
            $"name {account.Key} as the operator key",
            Anchors.SetOperatorKey(account.Address, account.Key, r, vs),
            assumedGas
        );
    }

    private async Task<IReadOnlyList<PlannedTransaction>> UnstakeAsync(
        AccountState state,
        CancellationToken cancellationToken
    )
    {
        if (state.Stake.IsZero)
        {
            throw new SetupException($"account: {account.Address} has no stake");
        }

        if (state.ExitRequestedAt != 0)
        {
            throw new SetupException(
                $"account: its stake was asked for in block {state.ExitRequestedAt} already; it is locked until block "
                    + $"{await Anchors.LockedUntilAsync(account.Address, cancellationToken)}"
            );
        }

        ulong until = await Anchors.LockedUntilAsync(account.Address, cancellationToken);
        return
        [
            new(
                $"ask for the stake of {EtherAmount.Show(state.Stake)} back; it stays locked until block {until} at "
                    + "least, and longer if the operator still anchors",
                Anchors.RequestWithdrawal(account.Address)
            ),
        ];
    }

    private IReadOnlyList<PlannedTransaction> CancelUnstake(AccountState state) =>
        state.ExitRequestedAt == 0
            ? throw new SetupException("account: its stake was not asked for")
            : [new("keep the stake after all, and anchor again", Anchors.CancelWithdrawal(account.Address))];

    private async Task<IReadOnlyList<PlannedTransaction>> WithdrawAsync(
        AccountState state,
        CancellationToken cancellationToken
    )
    {
        if (state.Stake.IsZero)
        {
            return await Claims.PlanAsync(system, state.Owner, cancellationToken);
        }

        if (state.ExitRequestedAt == 0)
        {
            throw new SetupException("account: its stake was not asked for; meeda operator unstake does that");
        }

        ulong head = await client.GetBlockNumberAsync(cancellationToken);
        ulong until = await Anchors.LockedUntilAsync(account.Address, cancellationToken);
        if (head <= until)
        {
            throw new SetupException($"account: its stake is locked until block {until}, and L1 is at block {head}");
        }

        if (await system.Publication.OpenDemandsAsync(account.Address, cancellationToken) is > 0 and var open)
        {
            throw new SetupException($"account: {open} demands are open; the stake is free once they are answered");
        }

        return
        [
            new($"free the stake of {EtherAmount.Show(state.Stake)}", Anchors.Withdraw(account.Address)),
            new($"pay it out to {state.Owner}", Anchors.ClaimFor(state.Owner), ClaimGas),
        ];
    }

    private async Task<IReadOnlyList<PlannedTransaction>> SettleAsync(CancellationToken cancellationToken)
    {
        var payments = new EpochPayments(system, client, account.Address);
        IReadOnlyList<EpochPayment> due = await payments.SettleableAsync(from: 0, cancellationToken);
        BigInteger sum = due.Aggregate(BigInteger.Zero, (total, payment) => total + payment.Wei);
        return
        [
            .. payments
                .Settle(due)
                .Select(request => new PlannedTransaction(
                    $"settle {due.Count} proven epochs, which credits {EtherAmount.Show(sum)} in all to the owner",
                    request
                )),
        ];
    }
}

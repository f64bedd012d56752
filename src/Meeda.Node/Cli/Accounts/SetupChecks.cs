using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Http;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Node.Cli.Spending;
using Meeda.Storage;

namespace Meeda.Node.Cli.Accounts;

/// <summary>What <c>operator init --json</c> prints.</summary>
/// <param name="Path">The configuration file.</param>
/// <param name="ChainId">L1's chain id.</param>
/// <param name="Checks">The operator's requirements, each with whether it is met.</param>
internal sealed record SetupOutput(string Path, ulong ChainId, IReadOnlyList<SetupCheck> Checks);

/// <summary>A requirement of an operator.</summary>
/// <param name="What">What was checked and found, in words.</param>
/// <param name="Holds">Whether it is met.</param>
/// <param name="Remedy">What to do if it is not or only barely met; null if there is nothing to do.</param>
internal sealed record SetupCheck(string What, bool Holds, string? Remedy = null);

/// <summary>Checks everything that a configured operator needs before it starts.</summary>
internal static class SetupChecks
{
    /// <summary>Checks L1, the key, its balance, the stake, the storage and the listener.</summary>
    public static async Task<IReadOnlyList<SetupCheck>> RunAsync(
        string path,
        L1Session l1,
        SpendingSettings settings,
        HttpOptions http,
        CancellationToken cancellationToken
    )
    {
        SystemContract system = await l1.SystemAsync(Address.Parse(settings.L1.Contract), cancellationToken);
        Address key = settings.Signing.AccountOf(settings.L1);
        Address account = settings.L1.AccountOr(key);
        return
        [
            new($"L1 answers: chain {l1.ChainId}, contract {system.Address}", Holds: true),
            await BalanceAsync(l1.Client, key, settings.Transactions.BalanceAlarm, cancellationToken),
            await StakeAsync(path, system, l1.Client, account, key, cancellationToken),
            Folder(settings.Storage),
            Redundancy(settings.Storage),
            Listener(http),
        ];
    }

    private static async Task<SetupCheck> BalanceAsync(
        EthereumClient client,
        Address key,
        decimal alarm,
        CancellationToken cancellationToken
    )
    {
        BigInteger balance = await client.GetBalanceAsync(key, BlockTag.Latest, cancellationToken);
        BigInteger least = EtherAmount.FromEther(alarm);
        return new SetupCheck(
            $"the operator key {key} has {EtherAmount.About(balance)} for anchors and proofs",
            balance >= least,
            balance >= least ? null : $"send it at least {EtherAmount.Show(least)}, and what is to be staked"
        );
    }

    private static async Task<SetupCheck> StakeAsync(
        string path,
        SystemContract system,
        EthereumClient client,
        Address account,
        Address key,
        CancellationToken cancellationToken
    )
    {
        SystemParameters parameters = await system.ParametersAsync(cancellationToken);
        (BigInteger most, _) = await system.Anchors.CapacityAsync(account, liveHint: 0, cancellationToken);
        string? problem = await system.Anchors.WhyNoAnchorAsync(
            account,
            key,
            parameters,
            await client.GetBlockNumberAsync(cancellationToken),
            (ulong)most,
            cancellationToken
        );
        return problem is null
            ? new SetupCheck($"account {account} may anchor; its stake carries {most} live blobs", most > 0)
            : new SetupCheck(
                $"account {account} may not anchor: {problem}",
                Holds: false,
                $"meeda operator stake AMOUNT --config {path}{(account == key ? "" : " --owner-key-file FILE")}: at least "
                    + $"{EtherAmount.Show(parameters.MinimumStake)}, and {EtherAmount.Show(parameters.StakePerBlob)} for "
                    + "each live blob"
            );
    }

    private static SetupCheck Folder(StorageOptions storage)
    {
        string folder = Path.GetFullPath(storage.Folder);
        try
        {
            DurableFile.CreateFolder(folder);
            long free = new DriveInfo(folder).AvailableFreeSpace;
            return new SetupCheck($"the data folder {folder} is there, with {free >> 30} GiB free", Holds: true);
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            return new SetupCheck(
                $"the data folder {folder} cannot be used: {unusable.Message.TrimEnd('.')}",
                Holds: false,
                "name another (--folder), or give this user the right to write there"
            );
        }
    }

    private static SetupCheck Redundancy(StorageOptions storage) =>
        new(
            storage.Providers.Count < 2
                ? "the data has one place: a lost disk is a lost stake"
                : $"the data has {storage.Providers.Count} places, of which {storage.ToleratedLosses} may be lost",
            storage.Providers.Count >= 2 && storage.ToleratedLosses > 0,
            storage.Providers.Count >= 2
                ? null
                : "name several disks or buckets (Meeda__Storage__Providers, ToleratedLosses; docs/storage.md)"
        );

    private static SetupCheck Listener(HttpOptions http) =>
        ServiceHost.Reaches(http.Listen).IsLoopback
            ? new SetupCheck($"it listens on {http.Listen}, for this machine only", Holds: true)
            : new SetupCheck(
                $"it listens on {http.Listen}, which other machines reach",
                http.AllowAnonymous,
                http.AllowAnonymous ? null : "create a key for each rollup: meeda keys create NAME"
            );
}

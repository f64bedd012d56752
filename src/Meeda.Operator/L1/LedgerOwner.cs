using Meeda.Chain.Contract;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Meeda.Operator.Persistence;
using Meeda.Storage;
using Meeda.Storage.Buckets;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.L1;

/// <summary>
/// Binds the ledger and the provider folders to one chain, contract and account: recorded at the first start, compared
/// at every later one. Anchors of another contract would make the ledger's view of L1 wrong.
/// </summary>
internal sealed class LedgerOwner(
    IOptions<StorageOptions> storage,
    EthereumClient client,
    Ledger ledger,
    SystemContract system,
    OperatorAccount account,
    RowProviders providers,
    TimeProvider time,
    ILogger<LedgerOwner> logger
)
{
    // An unreachable provider does not prevent the start.
    private static readonly TimeSpan BucketLimit = TimeSpan.FromSeconds(10);

    /// <summary>The file in a provider's folder that says whose it is.</summary>
    internal const string FileName = "operator.txt";

    /// <summary>The message for an administrator who starts an operator over what belongs to another one.</summary>
    /// <param name="what">What belongs to another operator, as the message names it.</param>
    /// <param name="difference">The difference, in words.</param>
    internal static SetupException Refusal(string what, string difference) =>
        new(
            $"{what}: {difference}. A data folder, database and providers belong to one chain, contract and "
                + "account permanently: name others "
                + "(Meeda__Storage__Folder, Meeda__Storage__Database, Meeda__Storage__Providers), or the settings "
                + "that belong to these"
        );

    /// <summary>Compares the owners of ledger and providers, and records them at the first start.</summary>
    /// <param name="chainId">L1's chain id.</param>
    /// <param name="cancellationToken">Cancels the requests.</param>
    /// <exception cref="SetupException">Something belongs to another operator.</exception>
    public async Task EnsureAsync(ulong chainId, CancellationToken cancellationToken)
    {
        string what = storage.Value.Database is null
            ? $"data folder {Path.GetFullPath(storage.Value.Folder)}"
            : "database";
        var mine = new LedgerBinding(chainId, system.Address, account.Address);
        if (await ledger.FindBindingAsync(cancellationToken) is null)
        {
            await EnsureAnchorsAreOursAsync(what, cancellationToken);
            await MarkLostAsync(cancellationToken);
            await ledger.BindAsync(mine, await client.GetBlockNumberAsync(cancellationToken), cancellationToken);
            logger.LedgerBound(chainId, mine.Contract.ToString(), mine.Account.ToString());
        }

        // Read again: if several operators start together, another may have written it first.
        if ((await ledger.FindBindingAsync(cancellationToken))!.DifferenceFrom(mine) is { } difference)
        {
            throw Refusal(what, difference);
        }

        string line = $"chain {mine.ChainId}, contract {mine.Contract}, account {mine.Account}";
        foreach (string folder in storage.Value.Folders)
        {
            EnsureFolder(folder, line);
        }

        await Task.WhenAll(providers.Packed.Select(bucket => EnsureBucketAsync(bucket, line, cancellationToken)));

        foreach (
            (string setting, string change) in await ledger.NotePlacesAsync(
                [.. storage.Value.Places.Select(StorageOptions.Redact)],
                storage.Value.ToleratedLosses,
                cancellationToken
            )
        )
        {
            logger.PlacesChanged(setting, change);
        }
    }

    /// <summary>
    /// A new ledger of an account that has anchored takes the place of one that was lost, or is a second one: what the
    /// first did is found out before anything is sent.
    /// </summary>
    private async Task MarkLostAsync(CancellationToken cancellationToken)
    {
        if (
            await ledger.FirstAnchorAsync(cancellationToken) is null
            && await system.Anchors.AnchorCountAsync(account.Address, cancellationToken) > 0
        )
        {
            await ledger.MarkRestoredAsync(
                "it is new, and the account has anchored before",
                time.GetUtcNow(),
                cancellationToken
            );
        }
    }

    /// <summary>A ledger of before there were bindings says by its anchors whose it is.</summary>
    private async Task EnsureAnchorsAreOursAsync(string what, CancellationToken cancellationToken)
    {
        if (await ledger.FirstAnchorAsync(cancellationToken) is not { } held)
        {
            return;
        }

        try
        {
            if ((await system.Anchors.GetAnchorAsync(account.Address, held.Index, cancellationToken)).Root == held.Root)
            {
                return;
            }
        }
        catch (JsonRpcException)
        {
            // The contract keeps no such anchor of this account.
        }

        throw Refusal(
            what,
            $"it holds anchors that contract {system.Address} does not keep for account {account.Address}"
        );
    }

    private static async Task EnsureBucketAsync(PackedProvider bucket, string line, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(BucketLimit);
        try
        {
            if (await bucket.BelongToAsync(line, limit.Token) is { } owner)
            {
                throw Refusal($"provider {bucket.Name}", $"it belongs to {owner}, and this operator is {line}");
            }
        }
        catch (Exception away)
            when (away is IOException
                || (away is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            // An unreachable bucket is checked again before the first put.
        }
    }

    private static void EnsureFolder(string folder, string line)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            if (!File.Exists(path))
            {
                using var file = new StreamWriter(new FileStream(path, FileMode.CreateNew, FileAccess.Write));
                file.WriteLine(line);
            }
            else if (File.ReadAllText(path).Trim() is { Length: > 0 } owner && owner != line)
            {
                throw Refusal(
                    $"provider {Path.GetFullPath(folder)}",
                    $"it belongs to {owner}, and this operator is {line}"
                );
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // An unreachable or read-only provider counts as lost for now, not as another operator's.
        }
    }
}

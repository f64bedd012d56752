using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Http;
using Meeda.L1.Signing;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Operator.Tenants;
using Meeda.Storage;

namespace Meeda.Operator;

/// <summary>
/// The resources that an operator opens before it is built, so that a failure is reported before it listens. The host
/// disposes of them.
/// </summary>
/// <param name="Signer">The operator's account.</param>
/// <param name="BlobSigner">The account that pays for publications; null where it is the same.</param>
/// <param name="NitroSecret">The secret of Nitro's tokens; null if none are required.</param>
/// <param name="FolderLock">Keeps other operators out of the data folder.</param>
/// <param name="Ledger">The ledger.</param>
/// <param name="Lease">The lease of the leading operator.</param>
/// <param name="Tenants">The tenants.</param>
/// <param name="Providers">The providers of rows.</param>
internal sealed record OperatorResources(
    ITransactionSigner Signer,
    PrivateKeySigner? BlobSigner,
    byte[]? NitroSecret,
    FolderLock FolderLock,
    Ledger Ledger,
    Lease Lease,
    TenantKeys Tenants,
    RowProviders Providers
)
{
    /// <summary>Opens all of it.</summary>
    /// <exception cref="SetupException">Something cannot be used, or belongs to another operator.</exception>
    public static async Task<OperatorResources> OpenAsync(OperatorSettings options, CancellationToken cancellationToken)
    {
        StorageOptions storage = options.Storage;
        ITransactionSigner signer = options.Signing.Open(options.L1);
        PrivateKeySigner? blobSigner = options.Signing.OpenBlobSigner(signer.Address);
        byte[]? nitroSecret = options.Nitro.ReadSecret();
        FolderLock folderLock = LockFolder(storage.Folder);
        (Ledger ledger, Lease lease) = await OpenLedgerAsync(storage, cancellationToken);
        if (
            await ledger.FindBindingAsync(cancellationToken) is { } bound
            && bound.DifferenceFrom(
                bound with
                {
                    Contract = Address.Parse(options.L1.Contract),
                    Account = options.L1.AccountOr(signer.Address),
                }
            )
                is { } difference
        )
        {
            folderLock.Dispose();
            throw LedgerOwner.Refusal(
                storage.Database is null ? $"data folder {Path.GetFullPath(storage.Folder)}" : "database",
                difference
            );
        }

        TenantKeys tenants = await TenantKeys.OpenAsync(storage, cancellationToken);
        if (options.SignIn.IsOn)
        {
            tenants.RequireAlways();
        }

        await EnsureNotOpenAsync(options.Http, tenants, cancellationToken);
        RowProviders providers = await RowProviders.OpenAsync(storage, ledger, cancellationToken);
        return new(signer, blobSigner, nitroSecret, folderLock, ledger, lease, tenants, providers);
    }

    /// <summary>
    /// An operator is reachable from other machines only with API keys, or if anonymous access is allowed explicitly.
    /// </summary>
    private static async Task EnsureNotOpenAsync(
        HttpOptions http,
        TenantKeys tenants,
        CancellationToken cancellationToken
    )
    {
        if (
            !ServiceHost.Reaches(http.Listen).IsLoopback
            && !http.AllowAnonymous
            && !await tenants.AreRequiredAsync(cancellationToken)
        )
        {
            throw new SetupException(
                $"--listen: {http.Listen} is reachable from other machines, but no API key is configured; "
                    + "create one with meeda keys create, or set Meeda__Http__AllowAnonymous=true"
            );
        }
    }

    private static FolderLock LockFolder(string folder)
    {
        try
        {
            DurableFile.CreateFolder(folder);
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            throw new SetupException(
                $"data folder: {Path.GetFullPath(folder)} cannot be used: {unusable.Message.TrimEnd('.')}"
            );
        }

        try
        {
            return new FolderLock(folder, "operator");
        }
        catch (Exception taken) when (taken is IOException or UnauthorizedAccessException)
        {
            throw new SetupException(
                $"data folder: {Path.GetFullPath(folder)} is used by another operator, or its operator.lock "
                    + "cannot be written"
            );
        }
    }

    private static async Task<(Ledger Ledger, Lease Lease)> OpenLedgerAsync(
        StorageOptions storage,
        CancellationToken cancellationToken
    )
    {
        try
        {
            Database database = storage.Database is null
                ? new SqliteDatabase(Path.Combine(storage.Folder, "ledger.sqlite"))
                : new PostgresDatabase(storage.Database);
            var lease = new Lease(database, storage.LeaseTerm);
            return (await Ledger.OpenAsync(database, lease, cancellationToken), lease);
        }
        catch (Exception unusable)
            when (unusable
                    is ArgumentException
                        or IOException
                        or InvalidDataException
                        or TimeoutException
                        or System.Data.Common.DbException
            )
        {
            throw new SetupException(
                storage.Database is null
                    ? $"data folder: {Path.GetFullPath(storage.Folder)} cannot be used: {unusable.Message.TrimEnd('.')}"
                    : $"database: {unusable.Message.TrimEnd('.')} (Meeda__Storage__Database)"
            );
        }
    }
}

using Meeda.Hosting;
using Meeda.Mefs;
using Meeda.Storage.Buckets;
using Meeda.Storage.Folders;

namespace Meeda.Storage;

/// <summary>The providers that the settings name, in their order.</summary>
internal sealed class RowProviders : IDisposable
{
    private readonly StorageOptions _options;
    private readonly IPackIndex _index;
    private readonly Dictionary<string, IRowProvider> _opened = new(StringComparer.Ordinal);
    private readonly string? _mefsToken;

    private RowProviders(StorageOptions options, IPackIndex index)
    {
        _options = options;
        _index = index;
        _mefsToken = ReadToken(options.MefsTokenFile);
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<IRowProvider> All => [.. _options.Places.Select(place => _opened[place])];

    /// <summary>Buckets with rows in the ledger that are not in the settings.</summary>
    public IReadOnlyList<string> Unnamed { get; private init; } = [];

    /// <summary>The folders among them.</summary>
    public IEnumerable<FolderProvider> Folders => All.OfType<FolderProvider>();

    /// <summary>The buckets among them.</summary>
    public IEnumerable<PackedProvider> Packed => All.OfType<PackedProvider>();

    /// <summary>
    /// Opens the folders and S3 buckets, without a request to the latter. A folder that does not answer within its
    /// deadline is opened by its first call instead: one failing disk must not prevent the start.
    /// </summary>
    /// <param name="options">Their places.</param>
    /// <param name="index">The index of the rows in objects.</param>
    /// <param name="cancellationToken">Stops the reading of the ledger.</param>
    /// <exception cref="SetupException">A bucket seems to have another name than before, or a folder, the token's file
    /// or the credentials cannot be used.</exception>
    public static async Task<RowProviders> OpenAsync(
        StorageOptions options,
        IPackIndex index,
        CancellationToken cancellationToken
    )
    {
        var providers = new RowProviders(options, index)
        {
            Unnamed = await MatchAsync(options, index, cancellationToken),
        };
        var opening = new List<(string Place, Task Opened)>();
        foreach (string place in options.Places.Where(place => !StorageOptions.TryReadMefs(place, out _, out _)))
        {
            if (S3Place.IsMeant(place))
            {
                providers._opened[place] = new PackedProvider(
                    S3Store.Open(place, options),
                    index,
                    options.BucketDeadline
                );
                continue;
            }

            var folder = new FolderProvider(place, options.ProviderDeadline);
            providers._opened[place] = folder;
            opening.Add(
                (
                    place,
                    Task.Factory.StartNew(
                        folder.Open,
                        CancellationToken.None,
                        TaskCreationOptions.LongRunning,
                        TaskScheduler.Default
                    )
                )
            );
        }

        foreach ((string place, Task opened) in opening)
        {
            try
            {
                await opened.WaitAsync(options.ProviderDeadline, cancellationToken);
            }
            catch (TimeoutException)
            {
                // The next call waits for it, within a deadline.
            }
            catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
            {
                throw new SetupException(
                    $"provider: the folder {Path.GetFullPath(place)} cannot be used: {unusable.Message.TrimEnd('.')}"
                );
            }
        }

        return providers;
    }

    /// <summary>
    /// Compares the buckets in the settings with those in the ledger's index. A bucket under another host has another
    /// name, and all its rows would count as missing. Such a change is rejected, unless the settings declare it a
    /// renaming.
    /// </summary>
    /// <returns>Buckets in the index that are not in the settings: their rows count as missing.</returns>
    /// <exception cref="SetupException">One of them seems to have another name now.</exception>
    public static async Task<IReadOnlyList<string>> MatchAsync(
        StorageOptions options,
        IPackIndex index,
        CancellationToken cancellationToken
    )
    {
        foreach (string[] renamed in options.RenamedProviders.Select(renamed => renamed.Split('=', 2)))
        {
            await index.RenamePackStoreAsync(renamed[0].Trim(), renamed[1].Trim(), cancellationToken);
        }

        IReadOnlyList<string> known = await index.PackStoresAsync(cancellationToken);
        string[] unnamed = [.. known.Except(options.BucketNames, StringComparer.Ordinal)];
        string[] unused = [.. options.BucketNames.Except(known, StringComparer.Ordinal)];
        foreach (string old in unnamed)
        {
            if (Array.Find(unused, each => Below(each) == Below(old)) is { } now)
            {
                throw new SetupException(
                    $"providers: the ledger knows rows at {old}, which is not among the providers; {now} is, and "
                        + "nothing is known to be there. If it is the same bucket under another host, set "
                        + $"Meeda__Storage__RenamedProviders__0={old}={now}; if it is another one and {old} is "
                        + $"lost, set Meeda__Storage__RenamedProviders__0={old}="
                );
            }
        }

        return unnamed;

        static string Below(string name) => name[name.IndexOf('/', StringComparison.Ordinal)..];
    }

    /// <summary>Adds the MEFS nodes.</summary>
    public RowProviders Connect(IHttpClientFactory clients, TimeProvider time)
    {
        foreach (string place in _options.Places)
        {
            if (StorageOptions.TryReadMefs(place, out Uri node, out string bucket))
            {
                HttpClient http = clients.CreateClient(nameof(MefsClient));
                http.BaseAddress = node;
                _opened[place] = new PackedProvider(
                    new MefsStore(new MefsClient(http, _mefsToken, time), node, bucket),
                    _index,
                    _options.BucketDeadline
                );
            }
        }

        return this;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable provider in _opened.Values.OfType<IDisposable>())
        {
            provider.Dispose();
        }
    }

    private static string? ReadToken(string? path)
    {
        try
        {
            return path is null ? null : File.ReadAllText(path).Trim();
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"MEFS token file: {path} cannot be read (Meeda__Storage__MefsTokenFile)");
        }
    }
}

using Meeda.Mefs;

namespace Meeda.Node.Storage;

/// <summary>The providers that the settings name, in their order.</summary>
internal sealed class RowProviders : IDisposable
{
    private readonly StorageOptions _options;
    private readonly Ledger _ledger;
    private readonly Dictionary<string, IRowProvider> _opened = new(StringComparer.Ordinal);
    private readonly string? _mefsToken;

    private RowProviders(StorageOptions options, Ledger ledger)
    {
        _options = options;
        _ledger = ledger;
        _mefsToken = ReadToken(options.MefsTokenFile);
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<IRowProvider> All => [.. _options.Places.Select(place => _opened[place])];

    /// <summary>Those that are buckets.</summary>
    public IEnumerable<PackedProvider> Packed => All.OfType<PackedProvider>();

    /// <summary>Opens the folders and S3 buckets among them; of the latter nothing is asked yet.</summary>
    /// <param name="options">Their places.</param>
    /// <param name="ledger">Where it stands what is in which object.</param>
    /// <exception cref="SetupException">A folder, the token's file or the credentials cannot be used.</exception>
    public static RowProviders Open(StorageOptions options, Ledger ledger)
    {
        var providers = new RowProviders(options, ledger);
        foreach (string place in options.Places.Where(place => !StorageOptions.TryReadMefs(place, out _, out _)))
        {
            if (S3Place.IsMeant(place))
            {
                providers._opened[place] = new PackedProvider(S3Store.Open(place, options), ledger);
                continue;
            }

            try
            {
                providers._opened[place] = new FolderProvider(place);
            }
            catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
            {
                throw new SetupException($"provider: the folder {Path.GetFullPath(place)} cannot be used: {unusable.Message.TrimEnd('.')}");
            }
        }

        return providers;
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
                _opened[place] = new PackedProvider(new MefsStore(new MefsClient(http, _mefsToken, time), node, bucket), _ledger);
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

using System.Globalization;
using Meeda.Hosting.Settings;
using Meeda.Mefs;
using Meeda.Storage.Buckets;

namespace Meeda.Storage;

/// <summary>Where the node keeps its durable state.</summary>
public sealed class StorageOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Storage";

    /// <summary>Folder providers where none are named.</summary>
    internal const int DefaultProviders = 6;

    internal const string MefsPrefix = "mefs+";

    /// <summary>
    /// The folder for the ledger, and for rows where no providers are named; made if absent. Default
    /// <c>.meeda/operator</c> below the working folder, so that
    /// a first try needs no rights elsewhere.
    /// </summary>
    public string Folder { get; set; } = Path.Combine(".meeda", "operator");

    /// <summary>
    /// The connection string of a PostgreSQL database that several operators with one key share, as
    /// <c>Host=db;Database=meeda;Username=meeda</c>. Default none, which means
    /// SQLite in <see cref="Folder"/>. One that holds a password belongs in the environment.
    /// </summary>
    [Secret]
    public string? Database { get; set; }

    /// <summary>
    /// How long the leader of several operators may be silent before another one takes over. Default 15 s: a slot and
    /// a bit.
    /// </summary>
    public TimeSpan LeaseTerm { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Bytes of payloads held in the ledger for reading once their rows are placed, the newest ones. Default 256 MiB:
    /// a rollup's nodes read what was posted in the last
    /// hours. Payloads that are not placed yet are held whatever this says.
    /// </summary>
    public long LocalCopyBytes { get; set; } = 256L << 20;

    /// <summary>Whether expired batches are kept all the same. Default false.</summary>
    public bool Archive { get; set; }

    /// <summary>L1 blocks for which a batch is kept after the contract's expiry. Default 7,200, a day.</summary>
    public int GraceBlocks { get; set; } = 7_200;

    /// <summary>The pause between two polls for expired batches. Default 10 minutes.</summary>
    public TimeSpan RetentionInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Where rows go: folders, buckets of MEFS nodes as <c>mefs+http://host:port/bucket</c>, or of S3 servers as
    /// <c>s3+https://host/bucket/prefix</c>. Default none, which means
    /// six folders below <see cref="Folder"/>: they share a disk, and show how six disks would do.
    /// </summary>
    [Secret(IsUrl = true)]
    public IList<string> Providers { get; } = [];

    /// <summary>
    /// Buckets that are reached under another name than before, as <c>mefs:old:5001/rows=mefs:new:5001/rows</c>: what
    /// the ledger knows to be in the old one is then looked up in the new one. With nothing behind the equals sign the
    /// ledger forgets what was there. Default none.
    /// </summary>
    [Secret(IsUrl = true)]
    public IList<string> RenamedProviders { get; } = [];

    /// <summary>
    /// The maximum time that a batch waits in the ledger for others, so that rows of many share an object where
    /// providers are buckets. Default none, which means a minute where one of the
    /// providers is a MEFS bucket, where a small object costs as much as a large one, and no wait otherwise. 16 MiB
    /// are worth placing at once, whatever this says. A batch is anchored once
    /// it is placed, so that this delays anchors too.
    /// </summary>
    public TimeSpan? PackDelay { get; set; }

    /// <summary>
    /// Providers that may be lost at once. Default 2: one that is gone and one that fails while it is being replaced.
    /// At 0 every row is kept once.
    /// </summary>
    public int ToleratedLosses { get; set; } = 2;

    /// <summary>
    /// The file with the JWT that MEFS nodes ask for, which allows reading and writing. Default none.
    /// </summary>
    public string? MefsTokenFile { get; set; }

    /// <summary>
    /// The region that requests to S3 servers are signed for. Default us-east-1, which those that know no regions
    /// take.
    /// </summary>
    public string S3Region { get; set; } = "us-east-1";

    /// <summary>
    /// The profile of the shared credentials file (<c>~/.aws/credentials</c>, or AWS_SHARED_CREDENTIALS_FILE) that
    /// holds the keys for S3 servers. Default none, which means
    /// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment, and where they are not set
    /// the profile <c>default</c>.
    /// </summary>
    public string? S3Profile { get; set; }

    /// <summary>
    /// The maximum time that one call of a folder may take: writing or reading a row, syncing, deleting. Default 10 s.
    /// One that takes longer counts as failed, its rows go elsewhere, and the folder is left alone until the call
    /// returns.
    /// </summary>
    public TimeSpan ProviderDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The maximum time that one call of a bucket may take, the upload of an object of 16 MiB and its reading back
    /// included. Default 2 minutes.
    /// </summary>
    public TimeSpan BucketDeadline { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The pause between two polls of the scrub at what is stored. Default 10 minutes: reads that meet a bad row wait
    /// no longer than that.
    /// </summary>
    public TimeSpan ScrubInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The most bytes of rows that the scrub checks in a second. Default 8 MiB: a hundredth of what one SSD reads,
    /// 700 GB a day.
    /// </summary>
    public int ScrubBytesPerSecond { get; set; } = 8 * 1024 * 1024;

    /// <summary>The providers' places, the default ones where none are named.</summary>
    internal IReadOnlyList<string> Places =>
        Providers.Count > 0
            ? [.. Providers]
            :
            [
                .. Enumerable
                    .Range(0, DefaultProviders)
                    .Select(i => Path.Combine(Folder, "providers", i.ToString(CultureInfo.InvariantCulture))),
            ];

    /// <summary>Those of them that are folders.</summary>
    internal IEnumerable<string> Folders =>
        Places.Where(place => !S3Place.IsMeant(place) && !TryReadMefs(place, out _, out _));

    /// <summary>The longest wait of a batch for others.</summary>
    internal TimeSpan EffectivePackDelay =>
        PackDelay ?? (Places.Any(place => TryReadMefs(place, out _, out _)) ? TimeSpan.FromMinutes(1) : TimeSpan.Zero);

    /// <summary>Reads the place of a MEFS bucket; false where it is another kind of place, or malformed.</summary>
    internal static bool TryReadMefs(string place, out Uri node, out string bucket)
    {
        node = null!;
        bucket = "";
        if (
            !place.StartsWith(MefsPrefix, StringComparison.Ordinal)
            || !Uri.TryCreate(place[MefsPrefix.Length..], UriKind.Absolute, out Uri? url)
            || url.Scheme is not ("http" or "https")
            || url.AbsolutePath.Trim('/') is not { Length: > 0 } name
            || name.Contains('/', StringComparison.Ordinal)
        )
        {
            return false;
        }

        node = MefsEndpoint.Parse(url.GetLeftPart(UriPartial.Authority));
        bucket = name;
        return true;
    }

    /// <summary>
    /// Reads the place of a bucket of an S3 server; false where it is another kind of place, or malformed.
    /// </summary>
    internal static bool TryReadS3(string place, out S3Place read)
    {
        S3Place? found = S3Place.Read(place);
        read = found!;
        return found is not null;
    }

    /// <summary>The names of the buckets among the places, as the ledger's index has them.</summary>
    internal IReadOnlyList<string> BucketNames =>
        [.. Places.Where(place => TryReadS3(place, out _) || TryReadMefs(place, out _, out _)).Select(WhatIsMeant)];

    // Two spellings of one place would look like two providers, and be lost together.
    internal static string WhatIsMeant(string place) =>
        TryReadS3(place, out S3Place s3) ? s3.Name
        : TryReadMefs(place, out Uri node, out string bucket) ? $"mefs:{node.Authority}/{bucket}"
        : place.Length == 0 ? place
        : Path.TrimEndingDirectorySeparator(Path.GetFullPath(place));

    /// <summary>A place as a message may show it: without what stands before an @, which may be a password.</summary>
    internal static string Redact(string place)
    {
        int at = place.LastIndexOf('@');
        int scheme = place.IndexOf("://", StringComparison.Ordinal);
        return at < 0 ? place : string.Concat(scheme < 0 ? "" : place[..(scheme + 3)], "…", place[at..]);
    }
}

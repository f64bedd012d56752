using System.CommandLine;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Operator.Tenants;

namespace Meeda.Node.Cli;

/// <summary>A tenant's quota, as options of a command.</summary>
internal sealed class QuotaOptions
{
    private readonly Option<string> _bytes = new("--bytes")
    {
        Description = "bytes it may send in total, for example 5GiB; 0 for no limit",
        DefaultValueFactory = _ => "0",
    };

    private readonly Option<string> _rate = new("--rate")
    {
        Description = "requests per second; 0 for no limit",
        DefaultValueFactory = _ => "0",
    };

    private readonly Option<string> _concurrency = new("--concurrency")
    {
        Description = "concurrent requests",
        DefaultValueFactory = _ => "64",
    };

    private readonly Option<string> _disk = new("--disk")
    {
        Description = "bytes that its batches may occupy at the providers, parity rows included; 0 for no limit",
        DefaultValueFactory = _ => "0",
    };

    private readonly Option<string?> _blobs = new("--blobs")
    {
        Description =
            "blobs that may be anchored for it in total, renewals included; 0 for no limit [default: 0; with "
            + "--bytes, 16 and one for each 4 KiB]",
    };

    private readonly Option<string> _renewals = new("--renewals")
    {
        Description = "renewals in total; 0 for no limit",
        DefaultValueFactory = _ => "0",
    };

    private readonly Option<string> _reads = new("--reads")
    {
        Description = "bytes of batches it may read in total; 0 for no limit",
        DefaultValueFactory = _ => "0",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] all = [_bytes, _rate, _concurrency, _disk, _blobs, _renewals, _reads];
        foreach (Option each in all)
        {
            command.Options.Add(each);
        }
    }

    /// <summary>The quota of a command line.</summary>
    /// <exception cref="SetupException">A value is not a number, or out of range.</exception>
    public TenantQuota Read(ParseResult parsed)
    {
        long sent = Number("--bytes", parsed.GetValue(_bytes)!, 0, long.MaxValue, inBytes: true);
        return new TenantQuota(
            sent,
            (int)Number("--rate", parsed.GetValue(_rate)!, 0, int.MaxValue, inBytes: false),
            (int)Number("--concurrency", parsed.GetValue(_concurrency)!, 1, int.MaxValue, inBytes: false)
        )
        {
            Disk = Number("--disk", parsed.GetValue(_disk)!, 0, long.MaxValue, inBytes: true),
            Blobs = parsed.GetValue(_blobs) is { } most
                ? Number("--blobs", most, 0, long.MaxValue, inBytes: false)
                : BlobsFor(sent),
            Renewals = Number("--renewals", parsed.GetValue(_renewals)!, 0, long.MaxValue, inBytes: false),
            Reads = Number("--reads", parsed.GetValue(_reads)!, 0, long.MaxValue, inBytes: true),
        };
    }

    /// <summary>
    /// The default limit of blobs for a tenant with a limit of bytes: a batch of one byte takes a whole blob, so a
    /// limit of bytes alone would bound neither disk nor anchors. Batches of 4 KiB and more exhaust the bytes first.
    /// </summary>
    internal static long BlobsFor(long bytes) => bytes == 0 ? 0 : 16 + (bytes / 4096);

    private static long Number(string option, string text, long least, long most, bool inBytes) =>
        SettingValue.Whole(text.Trim(), least, most, inBytes) is { } number
            ? (long)number
            : throw new SetupException(
                $"quota: {option}: '{text}' is not a whole number from {least} to "
                    + $"{most}{(inBytes ? ", with or without KiB, MiB, GiB or TiB" : "")}"
            );
}

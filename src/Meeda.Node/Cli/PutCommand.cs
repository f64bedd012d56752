using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Meeda.Hosting;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Signatures;

namespace Meeda.Node.Cli;

/// <summary><c>put FILE</c>: stores a file as a batch, and checks the commitment that the operator gives.</summary>
internal static class PutCommand
{
    /// <summary>The command with its arguments.</summary>
    public static Command Build()
    {
        var file = new Argument<string>("FILE") { Description = "the batch's bytes; - for standard input" };
        var connection = new OperatorConnection();
        var order = new Option<string?>("--order")
        {
            Description = "the rollup's order to pay for it, as meeda escrow order prints it",
        };
        var json = new Option<bool>("--json") { Description = "print one line of JSON" };
        var command = new Command("put", "Store a file as a batch; prints the commitment that gives it back")
        {
            file,
            connection.Url,
            order,
            json,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    parsed.GetValue(file)!,
                    parsed.GetValue(connection.Url)!,
                    parsed.GetValue(order) is { } text ? ParseOrder(text) : null,
                    parsed.GetValue(json),
                    cancellationToken
                )
        );
        return command;
    }

    private static SignedOrder ParseOrder(string text)
    {
        try
        {
            return SignedOrder.Parse(text);
        }
        catch (FormatException malformed)
        {
            throw new SetupException($"--order: {malformed.Message.TrimEnd('.')}");
        }
    }

    private static async Task<int> RunAsync(
        string file,
        string url,
        SignedOrder? order,
        bool json,
        CancellationToken cancellationToken
    )
    {
        byte[] payload = await ReadAsync(file, cancellationToken);
        return await OperatorConnection.UseAsync(
            url,
            async client =>
            {
                int blobs = BlobEncoding.BlobCount(payload.Length);
                if (!json && !Console.IsErrorRedirected)
                {
                    await Console.Error.WriteLineAsync(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"putting {payload.Length:N0} bytes ({blobs} blobs) and computing their commitments"
                        )
                    );
                }

                long started = Stopwatch.GetTimestamp();
                AltDaCommitment commitment = await client.PutOrderedAsync(payload, order, cancellationToken);
                double milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
                string hex = "0x" + Convert.ToHexStringLower(commitment.Encode());
                if (json)
                {
                    Console.WriteLine(
                        JsonSerializer.Serialize(
                            new PutOutput(
                                hex,
                                new BatchId(commitment.Hash).ToString(),
                                payload.Length,
                                blobs,
                                Math.Round(milliseconds, 1)
                            ),
                            CliJson.Default.PutOutput
                        )
                    );
                    return;
                }

                Console.WriteLine($"commitment   {hex}");
                Console.WriteLine($"batch id     {new BatchId(commitment.Hash)}");
                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"stored       {payload.Length:N0} bytes in {blobs} blobs, {milliseconds:0} ms; the "
                            + $"commitment is that of these bytes"
                    )
                );
            }
        );
    }

    /// <summary>Reads a batch's bytes.</summary>
    /// <param name="file">The file; - for standard input.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="SetupException">It cannot be read, or is empty.</exception>
    internal static async Task<byte[]> ReadAsync(string file, CancellationToken cancellationToken)
    {
        byte[] payload = await ReadAllAsync(file, cancellationToken);
        return payload.Length > 0
            ? payload
            : throw new SetupException($"FILE: {file} is empty; a batch has at least 1 byte");
    }

    private static async Task<byte[]> ReadAllAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            if (file != "-")
            {
                return await File.ReadAllBytesAsync(file, cancellationToken);
            }

            await using Stream input = Console.OpenStandardInput();
            using var bytes = new MemoryStream();
            await input.CopyToAsync(bytes, cancellationToken);
            return bytes.ToArray();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"FILE: {file} cannot be read: {unreadable.Message.TrimEnd('.')}");
        }
    }
}

using System.CommandLine;
using System.Globalization;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Cli;

/// <summary><c>get ID</c>: reads a batch and writes no byte that was not checked against the commitment.</summary>
internal static class GetCommand
{
    /// <summary>The command with its arguments.</summary>
    public static Command Build()
    {
        var id = new Argument<string>("ID") { Description = "a commitment (generic or keccak), or a batch id" };
        var output = new Option<string?>("--output", "-o")
        {
            Description = "the file to write [default: standard output]",
        };
        var connection = new OperatorConnection();
        var command = new Command("get", "Read a batch and check it against its commitment")
        {
            id,
            output,
            connection.Url,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    parsed.GetValue(id)!,
                    parsed.GetValue(output),
                    parsed.GetValue(connection.Url)!,
                    cancellationToken
                )
        );
        return command;
    }

    private static Task<int> RunAsync(string id, string? output, string url, CancellationToken cancellationToken)
    {
        AltDaCommitment commitment = OperatorConnection.ParseCommitment(id);
        return OperatorConnection.UseAsync(
            url,
            async client =>
            {
                if (!Console.IsErrorRedirected)
                {
                    await Console.Error.WriteLineAsync("reading the batch, and computing its commitments");
                }

                byte[] payload = await client.GetAsync(commitment, cancellationToken);
                if (output is null)
                {
                    await using Stream standard = Console.OpenStandardOutput();
                    await standard.WriteAsync(payload, cancellationToken);
                    return;
                }

                await OutputFile.WriteAsync(output, payload, cancellationToken);
                await Console.Error.WriteLineAsync(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{payload.Length:N0} bytes, which match the commitment, are in {output}"
                    )
                );
            }
        );
    }
}

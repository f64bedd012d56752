using System.CommandLine;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.L1.Rpc;
using Meeda.Node.Cli.Spending;

namespace Meeda.Node.Cli;

/// <summary>
/// Runs a program's commands: prints each problem as one line on standard error, and lets a command end on Ctrl-C.
/// </summary>
internal static class CommandLineProgram
{
    // After Ctrl-C a command has this long to stop its children and release its port.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    /// <summary>Runs the command that the arguments name.</summary>
    /// <returns>The process's exit code.</returns>
    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        Interrupts.Listen();
        OutgoingHttp.UseProxy(new ProxyOptions());
        try
        {
            // No response files: an argument that begins with @ is that argument.
            ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            string[] problems = [.. CommandLineChecks.Problems(parsed).Distinct()];
            if (problems.Length > 0)
            {
                throw new SetupException(string.Join(Environment.NewLine, problems));
            }

            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                Interrupts.Token(StopLimit)
            );
        }
        catch (SetupException problem)
        {
            return await FailAsync(problem.Message.Split(Environment.NewLine));
        }
        catch (Exception wrong) when (SettingsServices.FailuresOf(wrong) is { Count: > 0 } failures)
        {
            // A starting host validates its options again; by then a file that a setting names may be gone.
            return await FailAsync(failures);
        }
        catch (Exception failure) when (failure is L1UnreachableException or JsonRpcException)
        {
            return await FailAsync([L1Session.Unreachable(failure).Message]);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("meeda: stopped");
            return ExitCode.Interrupted;
        }
        catch (Exception unforeseen) when (Environment.GetEnvironmentVariable("MEEDA_TRACE") is not "1")
        {
            await Console.Error.WriteLineAsync(
                $"meeda: {unforeseen.Message.ReplaceLineEndings(" ")} ({unforeseen.GetType().Name}, which is "
                    + "unexpected: please report it with the output of MEEDA_TRACE=1)"
            );
            return ExitCode.Failure;
        }
    }

    private static async Task<int> FailAsync(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            await Console.Error.WriteLineAsync($"meeda: {line}");
        }

        return ExitCode.Failure;
    }
}

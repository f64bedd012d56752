using System.CommandLine;
using System.Text.Json;
using Meeda.Chain.L1;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.L1.Signing;
using Meeda.Node.Cli.Spending;
using Meeda.Operator.SignIn;

namespace Meeda.Node.Cli;

/// <summary>
/// <c>signin</c>: gets an API key for a wallet that signs a message (EIP-4361), with a key file or elsewhere.
/// </summary>
internal sealed class SignInCommand
{
    private static readonly TimeSpan LongestMessage = TimeSpan.FromHours(1);

    private readonly OperatorConnection _connection = new();

    private readonly Option<string?> _keyFile = new("--key-file")
    {
        Description = "file with the wallet's private key, or a keystore; signs at once",
    };

    private readonly Option<string?> _address = new("--address")
    {
        Description = "a wallet whose key is elsewhere: print the message that it must sign, and exit",
    };

    private readonly Option<string?> _message = new("--message")
    {
        Description = "file with the signed message, as printed by --address",
    };

    private readonly Option<string?> _signature = new("--signature")
    {
        Description = "the wallet's signature of that message, hex",
    };

    private readonly Option<string?> _rollup = new("--rollup")
    {
        Description = "the rollup that the wallet is a delegate of (ERC-1056, meeda-put)",
    };

    private readonly Option<string?> _domain = new("--domain")
    {
        Description = "domain that the message must name [default: the host of --url]",
    };

    private readonly Option<int?> _overlap = new("--overlap")
    {
        Description = "seconds for which the wallet's previous key stays valid [default: 3600]",
    };

    private readonly Option<bool> _json = new("--json") { Description = "print one line of JSON" };

    /// <summary>The command with its options.</summary>
    public static Command Build()
    {
        var options = new SignInCommand();
        var command = new Command("signin", "Get a key from an operator that allows sign-in, paid from an escrow")
        {
            options._connection.Url,
            options._keyFile,
            options._address,
            options._message,
            options._signature,
            options._rollup,
            options._domain,
            options._overlap,
            options._json,
        };
        command.SetAction(options.RunAsync);
        return command;
    }

    private Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string url = parsed.GetValue(_connection.Url)!;
        string?[] ways = [parsed.GetValue(_keyFile), parsed.GetValue(_address), parsed.GetValue(_message)];
        if (ways.Count(way => way is not null) != 1)
        {
            throw new SetupException("signin: one of --key-file, --address, or --message with --signature is needed");
        }

        if (parsed.GetValue(_message) is null != parsed.GetValue(_signature) is null)
        {
            throw new SetupException("signin: --message and --signature go together");
        }

        if (Uri.TryCreate(url.Trim(), UriKind.Absolute, out Uri? at) && at is { Scheme: "http", IsLoopback: false })
        {
            throw new SetupException($"--url: {url} is not https, so the network could read the key");
        }

        return OperatorConnection.UseAsync(
            url,
            async client =>
            {
                if (parsed.GetValue(_address) is { } address)
                {
                    Address wallet = SpendingOptions.ParseAddress("--address", address);
                    SignInOffer offer = await OfferAsync(client, wallet, parsed, cancellationToken);
                    Console.WriteLine(
                        parsed.GetValue(_json)
                            ? JsonSerializer.Serialize(offer, CliJson.Default.SignInOffer)
                            : offer.Message
                    );
                    return;
                }

                SignInRequest request = parsed.GetValue(_keyFile) is { } file
                    ? await SignAsync(client, file, parsed, cancellationToken)
                    : new SignInRequest(ReadMessage(parsed.GetValue(_message)!), parsed.GetValue(_signature)!);
                SignInKey key = await client.SignInAsync(
                    request with
                    {
                        OverlapSeconds = parsed.GetValue(_overlap),
                    },
                    cancellationToken
                );
                Print(key, parsed.GetValue(_json));
            }
        );
    }

    /// <summary>Requests a message and checks that it is exactly what the wallet should sign.</summary>
    private async Task<SignInOffer> OfferAsync(
        MeedaClient client,
        Address wallet,
        ParseResult parsed,
        CancellationToken cancellationToken
    )
    {
        Address? rollup = parsed.GetValue(_rollup) is { } text ? SpendingOptions.ParseAddress("--rollup", text) : null;
        string domain = parsed.GetValue(_domain) ?? new Uri(parsed.GetValue(_connection.Url)!.Trim()).Authority;
        SignInOffer offer = await client.SignInOfferAsync(wallet, rollup, cancellationToken);
        try
        {
            var message = SignInMessage.Parse(offer.Message ?? "");
            DateTimeOffset end = message.ExpirationTime ?? DateTimeOffset.MaxValue;
            string wanted = WalletSignIn
                .MessageOf(domain, wallet, rollup, (message.ChainId, message.Nonce, message.IssuedAt, end))
                .ToString();
            string? problem =
                message.Domain != domain ? $"it is for {message.Domain}, not for {domain}"
                : message.Address != wallet ? $"it is for {message.Address}"
                : end - message.IssuedAt > LongestMessage ? "it is valid for too long"
                : offer.Message != wanted ? "it is not a sign-in to this domain, or is for another rollup"
                : null;
            return problem is null
                ? offer
                : throw new SetupException($"signin: the operator's message was not signed: {problem}");
        }
        catch (FormatException malformed)
        {
            throw new SetupException($"signin: the operator's message was not signed: {malformed.Message}");
        }
    }

    private async Task<SignInRequest> SignAsync(
        MeedaClient client,
        string file,
        ParseResult parsed,
        CancellationToken cancellationToken
    )
    {
        var signing = new SettingsReader(new Dictionary<string, string?>()).Get<SignerOptions>();
        PrivateKeySigner signer = SignerOptions.ReadKeyFile(file, signing.Password, signing.PasswordFile);
        SignInOffer offer = await OfferAsync(client, signer.Address, parsed, cancellationToken);
        Signature signature = signer.Sign(SignInMessage.HashOf(offer.Message!));
        return new SignInRequest(offer.Message!, $"0x{Convert.ToHexStringLower(signature.ToArray())}");
    }

    private static string ReadMessage(string path)
    {
        try
        {
            // An editor may have added a line break.
            return (path == "-" ? Console.In.ReadToEnd() : File.ReadAllText(path)).TrimEnd('\r', '\n');
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"--message: {path} cannot be read");
        }
    }

    private static void Print(SignInKey key, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(key, CliJson.Default.SignInKey));
            return;
        }

        Console.Error.WriteLine($"meeda: {key.Tenant}, paid by {key.Rollup}, until {key.ExpiresAt}");
        Console.WriteLine(key.Key);
    }
}

using System.CommandLine;
using Meeda.Chain.L1;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.L1.Signing;
using Meeda.Node.Cli.Configuration;

namespace Meeda.Node.Cli.Accounts;

/// <summary>The options of commands about an operator's account.</summary>
internal sealed class AccountOptions
{
    private readonly Option<string?> _keyFile = new("--key-file")
    {
        Description = "file with the operator's private key (Meeda__L1__KeyFile)",
    };

    private readonly Option<string?> _folder = new("--folder")
    {
        Description = "the operator's data folder (Meeda__Storage__Folder) [default: .meeda/operator]",
    };

    private readonly Option<string?> _ownerKeyFile = new("--owner-key-file")
    {
        Description = "file with the private key of the account's owner, if that is not the operator key",
    };

    private readonly Option<string?> _ownerPasswordFile = new("--owner-password-file")
    {
        Description = "file with the password of an encrypted --owner-key-file",
    };

    private readonly Option<string?> _config = ConfigOption.Build();

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(L1CommandOptions.Rpc);
        command.Add(L1CommandOptions.Contract);
        command.Add(_keyFile);
        command.Add(_ownerKeyFile);
        command.Add(_ownerPasswordFile);
        command.Add(_folder);
        command.Add(_config);
    }

    /// <summary>The settings from a command line, the environment and the file that it names.</summary>
    public SettingsReader Read(ParseResult parsed) =>
        new(
            new Dictionary<string, string?>(L1CommandOptions.SettingsOf(parsed))
            {
                ["Meeda:L1:KeyFile"] = parsed.GetValue(_keyFile),
                ["Meeda:Storage:Folder"] = parsed.GetValue(_folder),
            },
            parsed.GetValue(_config)
        );

    /// <summary>The owner's signer, or null.</summary>
    /// <exception cref="SetupException">The file cannot be used. The message holds no secret.</exception>
    public PrivateKeySigner? Owner(ParseResult parsed) =>
        parsed.GetValue(_ownerKeyFile) is { } file
            ? SignerOptions.ReadKeyFile(file, password: null, parsed.GetValue(_ownerPasswordFile))
            : null;
}

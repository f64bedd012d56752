using System.Security.Cryptography;
using Meeda.Hosting;
using Meeda.L1.Signing;

namespace Meeda.Node.Cli.Accounts;

/// <summary>
/// Creates an operator key: a keystore, and a file with its password beside it, both readable only by their owner.
/// </summary>
internal static class NewKey
{
    private const int PasswordBytes = 24;
    private const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a key and writes both files, without overwriting existing ones.</summary>
    /// <exception cref="SetupException">A file cannot be written.</exception>
    public static void Write(string keyFile, string passwordFile)
    {
        string password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(PasswordBytes));
        (string json, _) = Keystore.Create(password);
        try
        {
            WriteFile(passwordFile, password);
            WriteFile(keyFile, json);
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"key: {keyFile} cannot be written: {unwritable.Message.TrimEnd('.')}");
        }
    }

    private static void WriteFile(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnersOnly;
        }

        using var file = new FileStream(path, options);
        file.Write(System.Text.Encoding.UTF8.GetBytes(text + '\n'));
        file.Flush(flushToDisk: true);
    }
}

using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Settings;

namespace Meeda.Chain.L1;

/// <summary>Checks <see cref="SignerOptions"/>.</summary>
/// <param name="l1">The L1 settings, which may name a key file.</param>
internal sealed class SignerOptionsValidator(L1Options l1) : SettingsValidator<SignerOptions>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(SignerOptions options)
    {
        int ways = (options.Key is null ? 0 : 1) + (l1.KeyFile.Length == 0 ? 0 : 1) + (options.Remote is null ? 0 : 1);
        if (ways != 1)
        {
            yield return "key: exactly one of a key file (--key-file), Meeda__Signer__Key and "
                + $"Meeda__Signer__Remote is needed; there are {ways}";
        }

        if (options.BlobKey is not null && options.BlobKeyFile is not null)
        {
            yield return "blob key: one of Meeda__Signer__BlobKey and Meeda__Signer__BlobKeyFile, not both";
        }

        if (l1.KeyFile.Length > 0 && !File.Exists(l1.KeyFile))
        {
            yield return $"key file: there is no file {l1.KeyFile} (--key-file or Meeda__L1__KeyFile)";
        }

        if (options.Remote is not null && !HttpUrl.TryParse(options.Remote, out _))
        {
            yield return "remote signer: an absolute http or https URL is needed (Meeda__Signer__Remote)";
        }

        if (options.Remote is not null && !Address.TryParse(options.RemoteAddress ?? "", out _))
        {
            yield return "remote signer: the address that it signs for is needed (Meeda__Signer__RemoteAddress)";
        }
    }
}

using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.Hosting;

namespace Meeda.Node.Cli.Deployment;

/// <summary>The addresses of a deployment, which <c>deploy</c> writes and other commands read.</summary>
/// <param name="ChainId">The chain.</param>
/// <param name="Version">The protocol's version.</param>
/// <param name="Salt">The CREATE2 salt.</param>
/// <param name="Block">A block before which the contracts have no logs.</param>
/// <param name="System">The address of MeedaSystem.</param>
/// <param name="Anchors">That of MeedaAnchors.</param>
/// <param name="Verifier">That of MeedaVerifier.</param>
/// <param name="Publication">That of MeedaPublication.</param>
/// <param name="Escrow">That of MeedaEscrow.</param>
/// <param name="Bounties">
/// That of BlobBounty, which is independent of the system; null in files from before it existed.
/// </param>
/// <param name="CodeHashes">Keccak-256 of the parts' creation code, in this order.</param>
internal sealed record DeploymentFile(
    ulong ChainId,
    string Version,
    string Salt,
    ulong Block,
    string System,
    string Anchors,
    string Verifier,
    string Publication,
    string Escrow,
    string? Bounties,
    IReadOnlyList<string> CodeHashes
)
{
    /// <summary>Describes a deployment.</summary>
    public static DeploymentFile Of(ulong chainId, Bytes32 salt, ulong block, SystemContract system) =>
        new(
            chainId,
            "2",
            salt.ToString(),
            block,
            $"{system.Address}",
            $"{system.Anchors.Address}",
            $"{system.Verifier.Address}",
            $"{system.Publication.Address}",
            $"{system.Escrow.Address}",
            $"{BountyContract.UsualAddress}",
            [.. ContractArtifact.Parts.Select(part => part.CodeHash.ToString())]
        );

    /// <summary>Reads a file.</summary>
    /// <exception cref="SetupException">It cannot be read, or has another version.</exception>
    public static DeploymentFile Read(string path)
    {
        try
        {
            DeploymentFile? file = JsonSerializer.Deserialize(File.ReadAllText(path), CliJson.Default.DeploymentFile);
            return file is { Version: "2" } && Address.TryParse(file.System, out _)
                ? file
                : throw new SetupException($"--deployment: {path} does not describe a deployment of version 2");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new SetupException($"--deployment: {path} cannot be read: {unreadable.Message.TrimEnd('.')}");
        }
    }

    /// <summary>Writes it atomically.</summary>
    /// <exception cref="SetupException">It cannot be written.</exception>
    public void Write(string path)
    {
        try
        {
            string full = Path.GetFullPath(path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            string beside = full + ".new";
            var options = new JsonSerializerOptions(CliJson.Default.Options) { WriteIndented = true };
            File.WriteAllText(
                beside,
                JsonSerializer.Serialize(this, new CliJson(options).DeploymentFile) + Environment.NewLine
            );
            File.Move(beside, full, overwrite: true);
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"--out: {path} cannot be written: {unwritable.Message.TrimEnd('.')}");
        }
    }
}

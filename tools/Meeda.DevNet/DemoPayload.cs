using System.Security.Cryptography;
using Meeda.Hosting;

namespace Meeda.DevNet;

/// <summary>The batch that the demo posts.</summary>
internal static class DemoPayload
{
    private const int SampleBatchBytes = 500_000;

    /// <summary>A file's bytes, or those that its hex stands for; without a file, random ones.</summary>
    /// <exception cref="SetupException">The file cannot be read, or is not the hex that it begins as.</exception>
    public static async Task<byte[]> ReadAsync(FileInfo? file, CancellationToken cancellationToken)
    {
        if (file is null)
        {
            return RandomNumberGenerator.GetBytes(SampleBatchBytes);
        }

        byte[] content;
        try
        {
            content = await File.ReadAllBytesAsync(file.FullName, cancellationToken);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"FILE: {file.FullName} cannot be read: {unreadable.Message.TrimEnd('.')}");
        }

        if (!content.AsSpan().StartsWith("0x"u8))
        {
            return content;
        }

        try
        {
            return Convert.FromHexString(System.Text.Encoding.ASCII.GetString(content).Trim()[2..]);
        }
        catch (FormatException)
        {
            throw new SetupException($"FILE: {file.FullName} starts with 0x but is not hexadecimal behind it");
        }
    }
}

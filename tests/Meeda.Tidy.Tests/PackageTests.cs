using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;
using Meeda.Testing;
using Xunit;

namespace Meeda.Tidy.Tests;

/// <summary>The public packages: packed, inspected, and used by the samples from a folder.</summary>
public sealed class PackageTests : IDisposable
{
    private static readonly string[] Libraries = ["Meeda.Kzg", "Meeda.Ethereum", "Meeda.Protocol", "Meeda.Client"];

    private readonly string _folder = Directory.CreateTempSubdirectory("meeda-packages-").FullName;

    [Trait("Category", "Slow")]
    [Fact]
    public async Task Pack_EachLibrary_IsCompleteAndItsSampleRuns()
    {
        string feed = Path.Combine(_folder, "feed");
        foreach (string library in Libraries)
        {
            await RunAsync(
                Repository.Root,
                "pack",
                Path.Combine("src", library),
                "-c",
                "Release",
                "--no-restore",
                "-o",
                feed,
                "--nologo",
                "-v",
                "quiet"
            );
            LookInto(library, Assert.Single(Directory.GetFiles(feed, $"{library}.*.nupkg")));
            Assert.Single(Directory.GetFiles(feed, $"{library}.*.snupkg"));
        }

        // The feed is added to this machine's sources, with a separate cache: an earlier run's packages have the same
        // versions.
        string samples = Path.Combine(_folder, "samples");
        foreach (
            string file in Directory.GetFiles(
                Path.Combine(Repository.Root, "docs", "samples"),
                "*.cs*",
                SearchOption.AllDirectories
            )
        )
        {
            string sample = Path.GetFileName(Path.GetDirectoryName(file)!);
            Directory.CreateDirectory(Path.Combine(samples, sample));
            File.Copy(file, Path.Combine(samples, sample, Path.GetFileName(file)));
        }

        await File.WriteAllTextAsync(
            Path.Combine(samples, "nuget.config"),
            $"""<configuration><packageSources><add key="feed" value="{feed}" /></packageSources></configuration>"""
        );
        string kzg = await RunAsync(Path.Combine(samples, "Kzg"), "run");
        Assert.Contains("the blob proof verifies: True", kzg, StringComparison.Ordinal);
        Assert.Contains("the cells verify: True", kzg, StringComparison.Ordinal);
        Assert.Contains("half of them give the blob back: True", kzg, StringComparison.Ordinal);

        // No server listens there, and the sample reports it.
        string client = await RunAsync(Path.Combine(samples, "Client"), "run", "--", "http://127.0.0.1:1");
        Assert.Contains("Unavailable: http://127.0.0.1:1 does not answer", client, StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void LookInto(string library, string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        string[] names = [.. archive.Entries.Select(entry => entry.FullName)];
        Assert.Contains("README.md", names);
        Assert.Contains($"lib/net10.0/{library}.dll", names);
        Assert.Contains($"lib/net10.0/{library}.xml", names);
        using Stream nuspec = archive.GetEntry($"{library}.nuspec")!.Open();
        XElement metadata = XDocument.Load(nuspec).Root!.Elements().Single();
        string Value(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;
        Assert.Equal("MIT", Value("license"));
        Assert.Equal("README.md", Value("readme"));
        Assert.NotEmpty(Value("description"));
        Assert.Contains("ethereum", Value("tags"), StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Array.ForEach(arguments, start.ArgumentList.Add);
        if (folder != Repository.Root)
        {
            start.Environment["NUGET_PACKAGES"] = Path.Combine(_folder, "cache");
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}: {output}{await errors}");
        return output;
    }
}

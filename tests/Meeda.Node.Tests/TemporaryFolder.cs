namespace Meeda.Node.Tests;

/// <summary>A folder for the duration of a test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("meeda-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

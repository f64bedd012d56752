using System.Runtime.CompilerServices;
using Meeda.Kzg.Commitments;
using Meeda.Testing;

namespace Meeda.Kzg.Tests;

/// <summary>The library's public API against <c>PublicApi.txt</c>.</summary>
public sealed class ApiApprovalTests
{
    [Fact]
    public void PublicApi_ThisAssembly_IsTheApprovedOne() =>
        PublicApi.IsApproved(
            typeof(Blob).Assembly,
            Path.Combine(Path.GetDirectoryName(SourcePath())!, "PublicApi.txt")
        );

    private static string SourcePath([CallerFilePath] string path = "") => path;
}

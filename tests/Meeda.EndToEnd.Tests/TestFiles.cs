using System.Runtime.CompilerServices;
using Meeda.Node.Cli;

namespace Meeda.EndToEnd.Tests;

/// <summary>Files of tests are their owner's only, as key files must be.</summary>
internal static class TestFiles
{
    [ModuleInitializer]
    internal static void OwnerOnlyFromTheStart() => OwnerOnly.Apply();
}

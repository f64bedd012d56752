using System.Runtime.CompilerServices;
using Meeda.Node.Cli;

namespace Meeda.Node.Tests;

/// <summary>Writes test files that only their owner can read, as key files must be.</summary>
internal static class TestFiles
{
    [ModuleInitializer]
    internal static void OwnerOnlyFromTheStart() => OwnerOnly.Apply();
}

namespace Meeda.DevNet;

/// <summary>The lines that the demo writes for a person.</summary>
internal static class Transcript
{
    /// <summary>A step.</summary>
    public static void Say(string line) => Console.WriteLine(line);

    /// <summary>What came of it.</summary>
    public static void Detail(string name, string value) => Console.WriteLine($"  {name, -12} {value}");
}

using System.Globalization;

namespace Meeda.Testing;

/// <summary>The seed of a randomised test.</summary>
public static class RandomSeed
{
    /// <summary>
    /// A generator whose seed is the environment variable's value, or a new seed if the variable is not set.
    /// </summary>
    /// <param name="variable">The environment variable, for example <c>MEEDA_KILL_SEED</c>.</param>
    /// <param name="writeLine">Receives one line that names the variable and the seed, to repeat the run.</param>
    public static Random Open(string variable, Action<string> writeLine)
    {
        int seed = Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        writeLine($"{variable}={seed.ToString(CultureInfo.InvariantCulture)} repeats this run's random choices");
        return new Random(seed);
    }

    /// <summary>Random bytes of a generator that only this caller uses.</summary>
    public static byte[] NextBytes(this Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}

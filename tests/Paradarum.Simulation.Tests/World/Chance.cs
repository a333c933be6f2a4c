namespace Paradarum.SimulationTests.World;

/// <summary>Numbers that look random and are the same for the same seed on every machine (SplitMix64).</summary>
internal sealed class Chance(ulong seed)
{
    private ulong _state = seed;

    public static ulong Mix(ulong one, ulong other) => Scramble(one + (0x9E3779B97F4A7C15UL * (other + 1)));

    /// <summary>Of no number that it gives; reading it draws none.</summary>
    public ulong State => Scramble(_state + 1);

    public ulong Next() => Scramble(_state += 0x9E3779B97F4A7C15UL);

    /// <summary>From 0 up to, not including, 1.</summary>
    public double Part() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>From 0 up to, not including, <paramref name="end"/>.</summary>
    public int Below(int end) => (int)((Next() >> 33) % (ulong)end);

    public bool Happens(double probability) => Part() < probability;

    public long Between(long least, long most) => least + (long)(Part() * (most - least));

    /// <summary>Mostly short, at times long: the square of a part.</summary>
    public long Short(long most)
    {
        var part = Part();
        return (long)(part * part * most);
    }

    private static ulong Scramble(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}

using Paradarum.Protocol.Urls;

namespace Paradarum.Fuzz.Targets;

/// <summary><see cref="CanonicalHost"/>: never throws, is idempotent, and gives lower-case ASCII.</summary>
internal static class HostTarget
{
    public static void Judge(byte[] input)
    {
        if (!CanonicalHost.Parse(FuzzFields.Text(input), "http").Ok(out var read, out _))
            return;
        BrokenPromiseException.Unless(read.Host.All(c => c is > ' ' and < (char)127 and not (>= 'A' and <= 'Z')), "Lower-case ASCII.");
        BrokenPromiseException.Unless(read.Port is null or (> 0 and <= 65_535), "A port is a port.");
        BrokenPromiseException.Unless(
            CanonicalHost.Parse(read.Host, "http").Ok(out var again, out _) && again.Host == read.Host && again.Port is null,
            "The canonical form of a canonical form is itself."
        );
    }
}

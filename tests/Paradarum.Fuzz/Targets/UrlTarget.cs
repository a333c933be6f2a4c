using Paradarum.Protocol.Urls;

namespace Paradarum.Fuzz.Targets;

/// <summary><see cref="CanonicalTarget"/>: never throws, is idempotent, ASCII without controls, and holds no dot segment (contract 1.4).</summary>
internal static class UrlTarget
{
    public static void Judge(byte[] input)
    {
        if (!CanonicalTarget.Parse(FuzzFields.Text(input)).Ok(out var target, out _))
            return;
        BrokenPromiseException.Unless(
            CanonicalTarget.Parse(target.PathAndQuery).Ok(out var again, out _) && again.PathAndQuery == target.PathAndQuery,
            "The canonical form of a canonical form is itself."
        );
        BrokenPromiseException.Unless(target.PathAndQuery.All(c => c is > ' ' and < (char)127), "ASCII without controls and blanks.");
        BrokenPromiseException.Unless(target.Path.Split('/').All(segment => segment is not ("." or "..")), "No dot segment is left.");
        BrokenPromiseException.Unless(
            target.Query is null ? target.PathAndQuery == target.Path : target.PathAndQuery == $"{target.Path}?{target.Query}",
            "Path and query are the target."
        );
    }
}

namespace Paradarum.Protocol.Urls;

/// <summary>Host names as keys hold them: lower case, A-labels, no trailing dot (contract 1.4).</summary>
public static class CanonicalHost
{
    /// <summary>Reads a Host header or <c>:authority</c> value. The port is split off and returned as given (null when absent or the scheme's default).</summary>
    public static Result<(string Host, int? Port)> Parse(string value, string scheme) => throw new NotImplementedException();
}

using Paradarum.Protocol.Link;

namespace Paradarum.Protocol.Purging;

/// <summary>What a rule purges; the four literal match types of <c>Regex</c> are kinds of their own (contract 1.1).</summary>
public enum PurgeKind
{
    All,
    Extension,
    Path,
    Equals,
    Contains,
    StartsWith,
    EndsWith,
    Regex,
}

/// <summary>One purge instruction, proven well-formed: nothing behind <see cref="Parse"/> checks it again.</summary>
public sealed record PurgeRule
{
    private PurgeRule(PurgeKind kind, string value) => (Kind, Value) = (kind, value);

    public PurgeKind Kind { get; }

    /// <summary>Canonical: Extension without its leading dot and in lower case; Path and Equals as a canonical target; literals percent-normalised; Regex as sent; All empty.</summary>
    public string Value { get; }

    /// <summary>Reads what a client sent (contract 1.1, 1.3, 1.4). Never throws; the refusal's message is the contract's.</summary>
    public static Result<PurgeRule> Parse(string? type, string? value, string? matchType) => throw new NotImplementedException();

    /// <summary>Reads a rule of the log. Null when this version does not know its kind or cannot build it: the node then widens to All (design section 2).</summary>
    public static PurgeRule? FromMessage(RuleMessage message) => throw new NotImplementedException();

    public RuleMessage ToMessage() => throw new NotImplementedException();
}

using Paradarum.Protocol;
using Paradarum.Protocol.Purging;

namespace Paradarum.Control.Panel.Purging;

/// <summary>A purge while it is being written: what the form holds, and what the API's own parser makes of it.</summary>
internal sealed class PurgeDraft
{
    public string Type { get; set; } = "Path";

    public string MatchType { get; set; } = "contains";

    public string Value { get; set; } = "";

    public bool NeedsValue => Type != "All";

    /// <summary>The rule, or the sentence that the API would refuse it with.</summary>
    public Result<PurgeRule> Parse() => PurgeRule.Parse(Type, Value, MatchType);

    public string Label =>
        (Type, MatchType) switch
        {
            ("Extension", _) => "Extension",
            ("Path", _) => "Path",
            (_, "regex") => "Regular expression",
            _ => "Text",
        };

    public string Example =>
        (Type, MatchType) switch
        {
            ("Extension", _) => "jpg",
            ("Path", _) => "/images/logo.png",
            (_, "regex") => @"^/news/\d{4}/",
            (_, "starts_with") => "/news/",
            (_, "ends_with") => "/feed",
            (_, "equals") => "/news/?page=2",
            _ => "/news/",
        };

    /// <summary>What it matches, in the contract's words (1.4).</summary>
    public string Rule =>
        (Type, MatchType) switch
        {
            ("Extension", _) =>
                "Files whose last path segment ends in a dot and this, upper or lower case. tar.gz works; no / ? # * and no spaces.",
            ("Path", _) =>
                "Without ?: this very path, whatever the query. With ?: the one entry that a request for this path and query is answered from. Starts with /, case counts; not a whole URL.",
            (_, "equals") => "The path, or the path with its query, is this text.",
            (_, "starts_with") => "The path, or the path with its query, starts with this text.",
            (_, "ends_with") => "The path, or the path with its query, ends with this text.",
            (_, "contains") => "The text occurs anywhere in the path or the path with its query. No wildcards: * is a star.",
            _ =>
                ".NET syntax, found anywhere: anchor with ^ and $. Case counts unless it starts with (?i). One that is too expensive on a node purges the whole property there, and the receipt says so.",
        };
}

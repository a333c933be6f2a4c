using System.Text.RegularExpressions;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Purging;

namespace Paradarum.Edge.Purging;

/// <summary>Finds what was probably meant by rules that matched nothing: the same path but for its trailing slash, case, extension, query or encoding.</summary>
internal sealed class NearMissFinder
{
    /// <summary>Rules of a batch that are looked at; each costs a little at every entry.</summary>
    private const int MostRules = 20;

    private static readonly TimeSpan OnePattern = TimeSpan.FromMilliseconds(1);

    private readonly List<Func<StoredEntry, Folded, string?>> _tests = [];
    private readonly Dictionary<string, string> _found = new(StringComparer.Ordinal);
    private readonly int _most;

    public NearMissFinder(IEnumerable<PurgeRule> rules, int most)
    {
        _most = most;
        foreach (var rule in rules.Where(rule => rule.Kind is not PurgeKind.All).Take(MostRules))
            _tests.Add(TestOf(rule));
    }

    public bool IsFull => _found.Count >= _most || _tests.Count == 0;

    public IEnumerable<NearMissMessage> Found => _found.Select(miss => new NearMissMessage { Path = miss.Key, Hint = miss.Value });

    public void Consider(StoredEntry entry)
    {
        var folded = Folded.Of(entry.Key.Target.Path);
        foreach (var test in _tests)
        {
            if (test(entry, folded) is { } hint)
            {
                _found.TryAdd(entry.Key.Target.PathAndQuery, hint);
                return;
            }
        }
    }

    private static Func<StoredEntry, Folded, string?> TestOf(PurgeRule rule) =>
        rule.Kind switch
        {
            PurgeKind.Path or PurgeKind.Equals => PathTest(rule.Value),
            PurgeKind.Extension => ExtensionTest(rule.Value),
            PurgeKind.Regex => PatternTest(rule.Value),
            var kind => LiteralTest(kind, rule.Value),
        };

    private static Func<StoredEntry, Folded, string?> PathTest(string value)
    {
        var mark = value.IndexOf('?', StringComparison.Ordinal);
        var path = mark < 0 ? value : value[..mark];
        var meant = Folded.Of(path);
        return (entry, folded) =>
        {
            var stored = entry.Key.Target.Path;
            if (string.Equals(stored, path, StringComparison.Ordinal))
                return string.Equals(entry.Key.Target.PathAndQuery, value, StringComparison.Ordinal) ? null : "stored with another query";
            if (string.Equals(stored.TrimEnd('/'), path.TrimEnd('/'), StringComparison.Ordinal))
                return stored.EndsWith('/') ? "stored with a trailing slash" : "stored without the trailing slash";
            if (string.Equals(stored, path, StringComparison.OrdinalIgnoreCase))
                return "stored in another case";
            if (string.Equals(folded.Text, meant.Text, StringComparison.Ordinal))
                return "stored in another encoding, case or with another trailing slash";
            return folded.Stem.Length > 1 && string.Equals(folded.Stem, meant.Stem, StringComparison.Ordinal)
                ? "stored with another extension, or without"
                : null;
        };
    }

    /// <summary>The case does not matter there, so it is the extension itself that is another: <c>jpg</c> for <c>jpeg</c>.</summary>
    private static Func<StoredEntry, Folded, string?> ExtensionTest(string value)
    {
        var start = value[..Math.Min(2, value.Length)];
        return (_, folded) =>
            folded.Extension.Length > 0
            && !string.Equals(folded.Extension, value, StringComparison.Ordinal)
            && folded.Extension.StartsWith(start, StringComparison.Ordinal)
                ? "stored with a similar extension"
                : null;
    }

    private static Func<StoredEntry, Folded, string?> LiteralTest(PurgeKind kind, string value)
    {
        var meant = Folded.Plain(value);
        var bare = meant.Trim('/');
        return (entry, _) =>
        {
            var stored = Folded.Plain(entry.Key.Target.PathAndQuery);
            var isMeant = kind switch
            {
                PurgeKind.StartsWith => stored.StartsWith(meant, StringComparison.Ordinal),
                PurgeKind.EndsWith => stored.EndsWith(meant, StringComparison.Ordinal),
                _ => stored.Contains(meant, StringComparison.Ordinal),
            };
            if (isMeant)
                return "stored in another case or encoding";
            if (bare.Length < 2)
                return null;
            return kind switch
            {
                PurgeKind.StartsWith => stored.AsSpan().TrimStart('/').StartsWith(bare, StringComparison.Ordinal),
                PurgeKind.EndsWith => stored.AsSpan().TrimEnd('/').EndsWith(bare, StringComparison.Ordinal),
                _ => stored.Contains(bare, StringComparison.Ordinal),
            }
                ? "stored with another slash at the beginning or end"
                : null;
        };
    }

    private static Func<StoredEntry, Folded, string?> PatternTest(string value)
    {
        if (!PurgePattern.TryBuild("(?i)" + value, OnePattern, out var regex, out _))
            return static (_, _) => null;
        var isSpent = false;
        return (entry, _) =>
        {
            if (isSpent)
                return null;
            try
            {
                return PurgePattern.Texts(entry.Key.Target, entry.Fetched).Any(regex.IsMatch) ? "stored in another case" : null;
            }
            catch (RegexMatchTimeoutException)
            {
                isSpent = true; // not worth the node's time
                return null;
            }
        };
    }

    /// <summary>A path with all that people mix up taken away.</summary>
    /// <param name="Text">Decoded, in lower case, without a trailing slash.</param>
    /// <param name="Stem">The same without its extension.</param>
    /// <param name="Extension">Of the last segment, without the dot; empty when there is none.</param>
    internal readonly record struct Folded(string Text, string Stem, string Extension)
    {
        public static Folded Of(string path)
        {
            var text = Plain(path).TrimEnd('/');
            var dot = text.LastIndexOf('.');
            return dot > text.LastIndexOf('/') + 1 ? new Folded(text, text[..dot], text[(dot + 1)..]) : new Folded(text, text, "");
        }

        /// <summary>Decoded twice: what was encoded once too often is a common mistake.</summary>
        public static string Plain(string text) => Uri.UnescapeDataString(Uri.UnescapeDataString(text)).ToLowerInvariant();
    }
}

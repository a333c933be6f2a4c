using System.Collections.Immutable;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Purging;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Purging;

/// <summary>
/// The rules of one property that are not retired yet. Immutable; a new rule shares all but a few nodes with what was there, so 100 000 of them one after
/// another cost about a microsecond each (design section 4).
/// </summary>
/// <remarks>
/// Three shapes: purges of everything are positions; paths, and paths with query, are dictionaries; the rest lie in sets whose sizes grow fourfold, newest last, so that a
/// test looks at few sets and only at those newer than what it tests.
/// </remarks>
internal sealed partial class PendingRules
{
    public static readonly PendingRules None = new();

    /// <summary>Positions of All that are told apart for the receipts; more of them are counted with the newest.</summary>
    private const int MostAlls = 64;

    private const int MostOfOneSize = 4;

    private ImmutableArray<ulong> _alls = [];
    private ImmutableDictionary<string, ulong> _paths = ImmutableDictionary.Create<string, ulong>(StringComparer.Ordinal);
    private ImmutableDictionary<string, ulong> _keyed = ImmutableDictionary.Create<string, ulong>(StringComparer.Ordinal);
    private ImmutableDictionary<string, ulong> _equal = ImmutableDictionary.Create<string, ulong>(StringComparer.Ordinal);
    private ImmutableArray<RuleSet> _sets = [];
    private ulong _newestRule;
    private RuleLoad _direct;

    private PendingRules() { }

    private PendingRules(PendingRules from)
    {
        (_alls, _paths, _keyed, _equal, _sets) = (from._alls, from._paths, from._keyed, from._equal, from._sets);
        (_newestRule, _direct, Horizon) = (from._newestRule, from._direct, from.Horizon);
    }

    /// <summary>Position of the newest pending rule, or <see cref="Horizon"/> if that is newer; 0 when nothing is pending. A hit whose entry was checked at this position or later costs this one comparison.</summary>
    public ulong Newest { get; private set; }

    /// <summary>Rules up to here have retired although a fetch in flight was older: what was not checked at this position or later is never used.</summary>
    public ulong Horizon { get; private set; }

    public bool IsEmpty => _newestRule == 0;

    /// <summary>Newest rule that only a test of every entry can retire; 0 when the index has found all that the pending rules match.</summary>
    public ulong NewestToSweep => Math.Max(_alls.IsEmpty ? 0 : _alls[^1], _sets.IsEmpty ? 0 : _sets[^1].Newest);

    /// <summary>Oldest rule that only a test of every entry can retire; 0 when there is none.</summary>
    public ulong OldestToSweep =>
        (_alls.IsEmpty, _sets.IsEmpty) switch
        {
            (true, true) => 0,
            (false, true) => _alls[0],
            (true, false) => _sets[0].Oldest,
            _ => Math.Min(_alls[0], _sets[0].Oldest),
        };

    /// <summary>True when an All is pending at this very position, asked for or widened.</summary>
    public bool IsAllAt(ulong position) => !_alls.IsEmpty && _alls[^1] == position;

    public RuleLoad Load => _sets.Aggregate(_direct, static (load, set) => load + set.Load);

    /// <summary>Newest position of a pattern that is to be widened; 0 when there is none.</summary>
    public ulong NewestSpent =>
        _sets.SelectMany(set => set.Patterns).Where(rule => rule.IsSpent).Select(rule => rule.Position).DefaultIfEmpty().Max();

    /// <summary>A rule newer than <paramref name="checkedAt"/> that matches; position 0 when there is none.</summary>
    public RuleMatch FindMatch(Stamped item, ulong checkedAt)
    {
        if (!_alls.IsEmpty && _alls[^1] > checkedAt)
            return new RuleMatch(FirstAfter(checkedAt), PurgeKind.All);
        var (keyed, fetched) = (item.Key.Target, item.Fetched);
        if (IsNewer(_paths, keyed.Path, checkedAt, out var position))
            return new RuleMatch(position, PurgeKind.Path);
        if (IsNewer(_keyed, keyed.PathAndQuery, checkedAt, out position))
            return new RuleMatch(position, PurgeKind.Path);
        if (IsNewer(_equal, keyed.PathAndQuery, checkedAt, out position))
            return new RuleMatch(position, PurgeKind.Equals);
        if (IsNewer(_equal, fetched.PathAndQuery, checkedAt, out position))
            return new RuleMatch(position, PurgeKind.Equals);
        for (var i = _sets.Length - 1; i >= 0 && _sets[i].Newest > checkedAt; i--)
        {
            var match = _sets[i].FindMatch(keyed, fetched, checkedAt);
            if (match.Position != 0)
                return match;
        }
        return default;
    }

    /// <summary>With the rules of one record. More than the property's budget is widened: then everything pending is one All at this position.</summary>
    public PendingRules Add(ulong position, IReadOnlyCollection<PurgeRule> rules, KeysTarget key, PatternBudget budget)
    {
        var draft = new Draft(this);
        draft.Add(position, rules, key, budget);
        return draft.Build();
    }

    /// <summary>The keyed target that a Path or Equals with a query names in the index; null when that can't be told, and then it is all of <see cref="PathOf"/>.</summary>
    public static CanonicalTarget? Keyed(PurgeRule rule, KeysTarget key) =>
        CanonicalTarget.Parse(rule.Value).Ok(out var target, out _) ? key(target) : null;

    public static string PathOf(PurgeRule rule) => rule.Value[..rule.Value.IndexOf('?', StringComparison.Ordinal)];

    /// <summary>All that is pending up to a position, replaced by All at that position; what is newer stays.</summary>
    public PendingRules Widen(ulong position)
    {
        var alls = _alls.RemoveAll(all => all > position).Add(position).AddRange(_alls.Where(all => all > position));
        var next = Retire(position, Horizon);
        next._alls = [.. alls.Distinct()];
        return next.At(Math.Max(position, _newestRule));
    }

    /// <summary>Without the rules up to a position: no entry and no fetch in flight is older, or the horizon moves there.</summary>
    public PendingRules Retire(ulong position, ulong horizon)
    {
        if (_newestRule <= position)
            return new PendingRules { Horizon = Math.Max(horizon, Horizon) }.At(0);
        var next = new PendingRules(this)
        {
            _alls = _alls.RemoveAll(all => all <= position),
            _paths = Newer(_paths, position),
            _keyed = Newer(_keyed, position),
            _equal = Newer(_equal, position),
            Horizon = Math.Max(horizon, Horizon),
        };
        if (!_sets.IsEmpty && _sets[0].Oldest <= position)
        {
            next._sets = [];
            foreach (var set in _sets)
                next._sets = Keep(next._sets, set, position);
        }
        next._direct = Sum(next._paths, next._keyed, next._equal);
        return next.At(_newestRule);
    }

    private PendingRules WithAll(ulong position)
    {
        // Everything older is part of it: what an earlier rule matches, this one does.
        var alls = _alls.Length < MostAlls ? _alls : _alls.RemoveAt(_alls.Length - 1);
        return new PendingRules { _alls = alls.Add(position), Horizon = Horizon }.At(position);
    }

    private PendingRules At(ulong newestRule)
    {
        _newestRule = newestRule;
        Newest = Math.Max(newestRule, Horizon);
        return this;
    }

    private ulong FirstAfter(ulong checkedAt)
    {
        var at = _alls.BinarySearch(checkedAt + 1);
        return _alls[at < 0 ? ~at : at];
    }

    private static bool IsNewer(ImmutableDictionary<string, ulong> rules, string value, ulong checkedAt, out ulong position)
    {
        position = 0;
        return !rules.IsEmpty && rules.TryGetValue(value, out position) && position > checkedAt;
    }

    /// <summary>Sets of about one size are put together when there are four of them, so a rule is put into a new set a logarithmic number of times.</summary>
    private static ImmutableArray<RuleSet> Append(ImmutableArray<RuleSet> sets, RuleSet added)
    {
        for (sets = sets.Add(added); ; )
        {
            var (first, most) = (sets.Length - 1, 2 * sets[^1].Rules.Length);
            while (first > 0 && sets[first - 1].Rules.Length < most)
                first--;
            if (sets.Length - first < MostOfOneSize)
                return sets;
            var together = ImmutableArray.CreateBuilder<PendingRule>();
            for (var i = first; i < sets.Length; i++)
                together.AddRange(sets[i].Rules);
            sets = sets.RemoveRange(first, sets.Length - first).Add(new RuleSet(together.DrainToImmutable()));
        }
    }

    private static ImmutableArray<RuleSet> Keep(ImmutableArray<RuleSet> kept, RuleSet set, ulong position)
    {
        if (set.Oldest > position)
            return kept.Add(set);
        var rules = set.Rules.RemoveAll(rule => rule.Position <= position);
        return rules.IsEmpty ? kept : Append(kept, new RuleSet(rules));
    }

    private static ImmutableDictionary<string, ulong> Newer(ImmutableDictionary<string, ulong> rules, ulong position) =>
        rules.IsEmpty ? rules : rules.RemoveRange(rules.Where(rule => rule.Value <= position).Select(rule => rule.Key));

    private static RuleLoad Sum(params IEnumerable<ImmutableDictionary<string, ulong>> dictionaries) =>
        dictionaries
            .SelectMany(rules => rules.Keys)
            .Aggregate(default(RuleLoad), static (load, value) => load + RuleLoad.Of(PurgeKind.Path, value));
}

/// <summary>A pending rule that matched. Position 0: none did.</summary>
internal readonly record struct RuleMatch(ulong Position, PurgeKind Kind);

using System.Collections.Immutable;
using Paradarum.Protocol.Purging;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Purging;

internal sealed partial class PendingRules
{
    /// <summary>
    /// Takes in the rules of records one after another and makes one set of pending rules of all of them: nodes of the dictionaries that several records change are
    /// copied once, not once for each. Used by one thread; not used any more once it was built.
    /// </summary>
    public sealed class Draft
    {
        private readonly PendingRules _from;
        private PendingRules _next;
        private ImmutableDictionary<string, ulong>.Builder? _paths;
        private ImmutableDictionary<string, ulong>.Builder? _keyed;
        private ImmutableDictionary<string, ulong>.Builder? _equal;
        private RuleLoad _load;

        public Draft(PendingRules from)
        {
            _from = _next = from;
            _load = from.Load;
        }

        /// <inheritdoc cref="PendingRules.IsAllAt"/>
        public bool IsAllAt(ulong position) => _next.IsAllAt(position);

        /// <inheritdoc cref="PendingRules.Add"/>
        public void Add(ulong position, IReadOnlyCollection<PurgeRule> rules, KeysTarget key, PatternBudget budget)
        {
            var (load, all) = (_load, false);
            foreach (var rule in rules)
            {
                load += RuleLoad.Of(rule.Kind, rule.Value);
                all |= rule.Kind is PurgeKind.All;
            }
            if (all || load.IsTooMuch)
            {
                _next = _next.WithAll(position);
                (_paths, _keyed, _equal, _load) = (null, null, null, default);
                return;
            }
            if (ReferenceEquals(_next, _from))
                _next = new PendingRules(_from);
            var toLookAt = ImmutableArray.CreateBuilder<PendingRule>(0);
            foreach (var rule in rules)
            {
                if (rule.Kind is PurgeKind.Path or PurgeKind.Equals)
                    AddDirect(rule, position, key);
                else
                    toLookAt.Add(new PendingRule(rule, position, budget));
            }
            if (toLookAt.Count > 0)
            {
                var added = new RuleSet(toLookAt.ToImmutable());
                _next._sets = Append(_next._sets, added);
                _load += added.Load;
            }
            _next.At(position);
        }

        public PendingRules Build()
        {
            if (_paths is not null)
                _next._paths = _paths.ToImmutable();
            if (_keyed is not null)
                _next._keyed = _keyed.ToImmutable();
            if (_equal is not null)
                _next._equal = _equal.ToImmutable();
            return _next;
        }

        private void AddDirect(PurgeRule rule, ulong position, KeysTarget key)
        {
            var (rulesOfShape, value) =
                !rule.Value.Contains('?', StringComparison.Ordinal) ? (_paths ??= _next._paths.ToBuilder(), rule.Value)
                : rule.Kind is PurgeKind.Equals ? (_equal ??= _next._equal.ToBuilder(), rule.Value)
                : Keyed(rule, key) is { } target ? (_keyed ??= _next._keyed.ToBuilder(), target.PathAndQuery)
                : (_paths ??= _next._paths.ToBuilder(), PathOf(rule));
            if (!rulesOfShape.ContainsKey(value))
            {
                var load = RuleLoad.Of(rule.Kind, value);
                _next._direct += load;
                _load += load;
            }
            rulesOfShape[value] = position;
        }
    }
}

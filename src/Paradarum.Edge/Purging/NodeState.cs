using System.Collections.Concurrent;
using System.Collections.Immutable;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Protocol.Purging;

namespace Paradarum.Edge.Purging;

/// <summary>
/// Holds the node's current snapshot and applies what the log says. The control link alone applies; the sweeper retires and widens. Applying publishes the new
/// snapshot before it returns, so that the caller may acknowledge.
/// </summary>
internal sealed class NodeState(EntryIndex index, TimeProvider time)
{
    private readonly Lock _writing = new();
    private readonly PurgeTally _tally = new();
    private readonly ConcurrentDictionary<long, PatternBudget> _budgets = new();
    private volatile NodeSnapshot _current = NodeSnapshot.Empty; // written under _writing
    private volatile NodeSnapshot? _swept; // written by the sweeper

    private TaskCompletionSource? _moved; // made by whoever waits, taken away when it is completed

    public NodeSnapshot Current => _current;

    /// <summary>Completes at the next change of position. Take it before reading <see cref="Current"/>: then no change is missed.</summary>
    public Task NextMove
    {
        get
        {
            if (Volatile.Read(ref _moved) is { } waitedFor)
                return waitedFor.Task;
            var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (Interlocked.CompareExchange(ref _moved, made, null) ?? made).Task;
        }
    }

    /// <summary>Where this node's stored responses and fetches are.</summary>
    public EntryIndex Index => index;

    /// <summary>This node's id, for rules that name one node. Set by the control link before the first record is applied.</summary>
    public string NodeId { get; set; } = "";

    /// <summary>Called when there is something to sweep, retire or widen. Set once, by the sweeper; must not block.</summary>
    public Action? SweepNeeded { get; set; }

    /// <summary>Called with the new generation before the store is dropped. Set once, by the disk tier; must not block.</summary>
    public Action<long>? Dropping { get; set; }

    /// <summary>The newest snapshot all of whose rules have been tested on everything stored; null when there is none. What they took has left the index.</summary>
    public NodeSnapshot? Swept => _swept;

    /// <summary>Called when <see cref="Swept"/> has changed. Set once, by the disk tier; must not block.</summary>
    public Action? SweptMore { get; set; }

    /// <summary>Applies records that follow the current position without a gap and whose chain was checked by the caller. All in one new snapshot.</summary>
    public void Apply(IReadOnlyList<LogRecord> records)
    {
        lock (_writing)
        {
            var change = new SnapshotChange(_current, NodeId, BudgetOf);
            foreach (var record in records)
                change.Apply(record);
            foreach (var purge in change.Purges)
                _tally.Open(purge.PropertyId, purge.Position);
            _current = change.Build();
            // Nobody sweeps for a property that is gone: what its purges removed is all they will.
            foreach (var (propertyId, position) in change.Removed)
                _tally.Close(propertyId, position);
            // A fetch that adds its entry reads the snapshot afterwards; the index is read after the snapshot is seen by all. So one sees the other.
            Interlocked.MemoryBarrier();

            // In force from here on; what follows only frees memory and counts, and only what the index finds at once.
            foreach (var purge in change.Purges)
            {
                if (purge.Widened)
                    _tally.Widen(purge.PropertyId, purge.Position);
                else
                    RemoveDirectly(purge);
            }
        }
        Interlocked.Exchange(ref _moved, null)?.TrySetResult();
        SweepNeeded?.Invoke();
    }

    /// <summary>Replaces everything: raises the generation, publishes, then drops the store (design section 2: another epoch, hash or a position out of range).</summary>
    public void Replace(string epoch, ulong position, ReadOnlyMemory<byte> hash, IReadOnlyList<PropertySnapshot> properties) =>
        Restart(_ => At(epoch, position, hash, properties));

    /// <summary>Takes up where a former process ended: its durable cursor. Before the first record; what is stored up to there is loaded afterwards.</summary>
    public void Resume(SnapshotPart cursor)
    {
        lock (_writing)
            _current = At(cursor.Epoch, cursor.Position, cursor.Hash.Memory, cursor.Properties);
    }

    /// <summary>
    /// Drops all that is stored and forgets position and rules: the node then presents nothing and starts from a snapshot. Until that comes it knows whose the hosts are and where their
    /// origins, as it last heard, and passes visitors on to them: nothing is stored, nothing answered from a store.
    /// </summary>
    /// <param name="forGood">There will be no snapshot: it knows no host from here on.</param>
    public void DropAll(bool forGood = false) =>
        Restart(former =>
            forGood
                ? NodeSnapshot.Empty
                : NodeSnapshot.Empty with
                {
                    Hosts = former.Hosts,
                    Properties = former.Properties.Values.Select(PassedOn).ToImmutableDictionary(view => view.Id),
                }
        );

    /// <summary>
    /// Stores what a fetch brought, if the fence lets it: the fetch is tested, the entry added, and the entry tested once more against what was published
    /// meanwhile. Before <see cref="EntryIndex.Release"/>. So every stored entry has been tested, or is found by the sweep that retires a rule.
    /// </summary>
    /// <returns>Fresh when it is stored; else why not.</returns>
    public FenceVerdict Store(FetchInFlight fetch, StoredEntry entry, params ReadOnlySpan<StoredEntry> replaced)
    {
        var verdict = Fence.Test(_current, fetch);
        if (!verdict.MayBeUsed)
            return verdict;
        if (!index.Add(fetch, entry, replaced))
            return new FenceVerdict(fetch.IsInvalidated ? FenceReason.Invalidated : FenceReason.OtherGeneration);
        verdict = Fence.Test(_current, entry);
        if (!verdict.MayBeUsed)
            Remove(entry, verdict);
        return verdict;
    }

    /// <summary>Takes out an entry that the fence refused, and counts it for the receipt of the rule that matched.</summary>
    public void Remove(StoredEntry entry, FenceVerdict verdict)
    {
        if (index.Remove(entry) && verdict.Reason is FenceReason.Purged)
            _tally.Count(verdict.Position, entry.Size);
    }

    /// <summary>Adds what the disk tier and the port with TLS have to say to the figures. Added to by each of them, once, before the first heartbeat.</summary>
    public Action<NodeFigures>? MoreFigures { get; set; }

    /// <summary>How much is pending, for the operator.</summary>
    public NodeFigures Figures()
    {
        var figures = new NodeFigures { Entries = index.Count };
        MoreFigures?.Invoke(figures);
        foreach (var (_, property) in _current.Properties)
        {
            if (property.Pending.IsEmpty)
                continue;
            figures.PendingRules += property.Pending.Load.Rules;
            if (property.Pending.OldestToSweep is > 0 and var oldest)
            {
                figures.PropertiesToSweep++;
                figures.OldestPending = figures.OldestPending == 0 ? oldest : Math.Min(figures.OldestPending, oldest);
            }
        }
        return figures;
    }

    /// <summary>What purges removed, where it changed since the last call (design section 3, receipts); counts only grow until final.</summary>
    public IReadOnlyList<PurgeCount> TakeCounts() => TakeCounts(out _);

    /// <inheritdoc cref="TakeCounts()"/>
    /// <param name="finalThrough">Purges applied so far up to here are all taken for the last time; <see cref="ulong.MaxValue"/> when every one is.</param>
    public IReadOnlyList<PurgeCount> TakeCounts(out ulong finalThrough) => _tally.Take(out finalThrough);

    /// <summary>The current snapshot, when nothing is half applied: what its purges find directly has left the index.</summary>
    internal NodeSnapshot TakeSettled()
    {
        lock (_writing)
            return _current;
    }

    /// <summary>Every rule of a snapshot has been tested on everything stored.</summary>
    internal void NoteSwept(NodeSnapshot snapshot)
    {
        _swept = snapshot;
        SweptMore?.Invoke();
    }

    /// <summary>Forgets a property's rules up to a position. The sweeper says when (<see cref="Retirement"/>).</summary>
    /// <param name="propertyId">Whose rules.</param>
    /// <param name="through">A position of <paramref name="generation"/>.</param>
    /// <param name="generation">What was swept. Nothing is forgotten of another one: its positions may be those of another log.</param>
    /// <param name="horizon">What is stamped below it is refused from here on.</param>
    internal void Retire(long propertyId, ulong through, long generation, ulong horizon = 0) =>
        Change(
            propertyId,
            pending =>
            {
                if (_current.Generation != generation)
                    return pending;
                _tally.Close(propertyId, through);
                return pending.Retire(through, horizon);
            }
        );

    /// <summary>Replaces patterns that cost too much, and all that is older, by All at the position of the newest of them.</summary>
    internal void Widen(long propertyId) =>
        Change(
            propertyId,
            pending =>
            {
                var newest = pending.NewestSpent;
                if (newest == 0)
                    return pending;
                _tally.Widen(propertyId, newest);
                return pending.Widen(newest);
            }
        );

    private void Change(long propertyId, Func<PendingRules, PendingRules> change)
    {
        lock (_writing)
        {
            if (!_current.Properties.TryGetValue(propertyId, out var property))
                return;
            var pending = change(property.Pending);
            if (!ReferenceEquals(pending, property.Pending))
                _current = _current with { Properties = _current.Properties.SetItem(propertyId, property with { Pending = pending }) };
        }
    }

    /// <summary>Straight to its origins: every shield refuses a node that follows no log.</summary>
    private static PropertyView PassedOn(PropertyView property) =>
        new(property.Id, property.Configuration with { ShieldEnabled = false }, 0, 0, PassThrough: true, PendingRules.None);

    private void Restart(Func<NodeSnapshot, NodeSnapshot> next)
    {
        lock (_writing)
        {
            var generation = _current.Generation + 1;
            _tally.Clear();
            _current = next(_current) with { Generation = generation, PassThroughAll = _current.PassThroughAll };
            Dropping?.Invoke(generation);
            index.StartGeneration(generation);
        }
        Interlocked.Exchange(ref _moved, null)?.TrySetResult();
        SweepNeeded?.Invoke();
    }

    /// <summary>Paths and equals: the index finds all of theirs at once. The fence decides, so this never takes too much.</summary>
    private void RemoveDirectly(AppliedPurge purge)
    {
        if (index.CountOf(purge.PropertyId) == 0 || !_current.Properties.TryGetValue(purge.PropertyId, out var property))
            return;
        foreach (var rule in purge.Rules)
        {
            if (rule.Kind is not (PurgeKind.Path or PurgeKind.Equals))
                continue;
            foreach (var entry in Named(property, rule))
            {
                var verdict = Fence.Test(_current, property, entry);
                if (!verdict.MayBeUsed)
                    Remove(entry, verdict);
            }
        }
    }

    private IReadOnlyList<StoredEntry> Named(PropertyView property, PurgeRule rule)
    {
        if (!rule.Value.Contains('?', StringComparison.Ordinal))
            return index.UnderPath(property.Id, rule.Value);
        var keyed = PendingRules.Keyed(rule, CacheRuleSet.Of(property.Configuration).Keyed);
        return keyed is { } target ? index.KeyedBy(property.Id, target) : index.UnderPath(property.Id, PendingRules.PathOf(rule));
    }

    private static NodeSnapshot At(string epoch, ulong position, ReadOnlyMemory<byte> hash, IReadOnlyList<PropertySnapshot> properties)
    {
        var views = properties.Select(View).ToImmutableDictionary(view => view.Id);
        return NodeSnapshot.Empty with
        {
            Epoch = epoch,
            Position = position,
            Hash = hash,
            Properties = views,
            Hosts = SnapshotChange.HostsOf(views.Values),
            PassingThrough = views.Values.Count(view => view.PassThrough),
        };
    }

    private static PropertyView View(PropertySnapshot property)
    {
        var body = property.Property ?? new PropertyBody();
        var isKnown =
            property.Property is not null && PropertyConfiguration.IsKnown(body) && !LaterVersion.Wrote(PropertySnapshot.Parser, property);
        return new PropertyView(
            property.PropertyId,
            PropertyConfiguration.FromMessage(body),
            property.LastPurge,
            property.LastConfiguration,
            PassThrough: !isKnown,
            PendingRules.None
        );
    }

    private PatternBudget BudgetOf(long propertyId) =>
        _budgets.GetOrAdd(propertyId, id => new PatternBudget(() => index.CountOf(id), () => SweepNeeded?.Invoke(), time));
}

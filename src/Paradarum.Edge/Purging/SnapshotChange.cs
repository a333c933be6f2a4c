using System.Collections.Frozen;
using System.Collections.Immutable;
using Google.Protobuf;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Protocol.Purging;

namespace Paradarum.Edge.Purging;

/// <summary>
/// What records make of a snapshot. I/O-free and used once, by one thread: records in, the next snapshot and what is to be done about it out.
/// </summary>
internal sealed class SnapshotChange(NodeSnapshot before, string nodeId, Func<long, PatternBudget> budgetOf)
{
    private readonly ImmutableDictionary<long, PropertyView>.Builder _properties = before.Properties.ToBuilder();
    private readonly List<AppliedPurge> _purges = [];
    private (ulong Position, ReadOnlyMemory<byte> Hash) _last = (before.Position, before.Hash);
    private bool _passThroughAll = before.PassThroughAll;
    private bool _hostsChanged;

    /// <summary>Purges in force with the new snapshot, in order.</summary>
    public IReadOnlyList<AppliedPurge> Purges => _purges;

    /// <exception cref="InvalidOperationException">The record does not follow the one before: the node must stop rather than skip.</exception>
    public void Apply(LogRecord record)
    {
        if (record.Position != _last.Position + 1)
            throw new InvalidOperationException($"Record {record.Position} does not follow {_last.Position}.");
        _last = (record.Position, record.Hash);

        var payload = Read(record);
        if (payload is null)
            NotUnderstood(0, record.Position, purges: true);
        else if (payload.BodyCase is RecordPayload.BodyOneofCase.Purge)
            Purge(payload.PropertyId, record.Position, payload.Purge);
        else if (payload.BodyCase is RecordPayload.BodyOneofCase.Property && PropertyConfiguration.IsKnown(payload.Property))
            Configure(payload.PropertyId, record.Position, PropertyConfiguration.FromMessage(payload.Property));
        else if (payload.BodyCase is RecordPayload.BodyOneofCase.PropertyRemoved)
            Remove(payload.PropertyId);
        else
            NotUnderstood(payload.PropertyId, record.Position, payload.Purges);
    }

    public NodeSnapshot Build() =>
        before with
        {
            Position = _last.Position,
            Hash = _last.Hash,
            PassThroughAll = _passThroughAll,
            Properties = _properties.ToImmutable(),
            Hosts = _hostsChanged ? HostsOf(_properties.Values) : before.Hosts,
        };

    /// <summary>A hostname that two properties name belongs to the one that was configured last.</summary>
    public static FrozenDictionary<string, HostView> HostsOf(IEnumerable<PropertyView> properties)
    {
        var hosts = new Dictionary<string, HostView>(StringComparer.Ordinal);
        foreach (var property in properties.OrderBy(property => property.LastConfiguration))
        {
            foreach (var hostname in property.Configuration.Hostnames)
                hosts[hostname.Name] = new HostView(property.Id, hostname.Active);
        }
        return hosts.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static RecordPayload? Read(LogRecord record)
    {
        try
        {
            return RecordPayload.Parser.ParseFrom(record.Payload.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            return null; // not even its property can be told
        }
    }

    private void Purge(long propertyId, ulong position, PurgeBody body)
    {
        var isMine = body.OnlyNode.Length == 0 || string.Equals(body.OnlyNode, nodeId, StringComparison.Ordinal);
        PurgeRule[] rules = isMine ? [.. body.Rules.Select(rule => PurgeRule.FromMessage(rule) ?? PurgeRule.All)] : [];
        var widened = isMine && body.Rules.Any(rule => PurgeRule.FromMessage(rule) is null);
        Purge(propertyId, position, rules, widened);
    }

    private void Purge(long propertyId, ulong position, PurgeRule[] rules, bool widened)
    {
        if (!_properties.TryGetValue(propertyId, out var property))
            return; // nothing of it is or can be stored here
        var pending = property.Pending;
        if (rules.Length > 0)
        {
            pending = pending.Add(position, rules, property.Configuration.QueryMode, budgetOf(propertyId));
            widened |= pending.IsAllAt(position) && !rules.Any(rule => rule.Kind is PurgeKind.All);
            _purges.Add(new AppliedPurge(propertyId, position, rules, widened));
        }
        _properties[propertyId] = property with { LastPurge = position, Pending = pending };
    }

    private void Configure(long propertyId, ulong position, PropertyConfiguration configuration)
    {
        _hostsChanged = true;
        _properties[propertyId] = _properties.TryGetValue(propertyId, out var former)
            ? former with
            {
                Configuration = configuration,
                LastConfiguration = position,
                PassThrough = former.HasUnknownRecord,
            }
            : new PropertyView(propertyId, configuration, LastPurge: 0, position, PassThrough: false, Since(propertyId, position));
    }

    /// <summary>A property that is new here, or here again: nothing that was fetched before it came may be used.</summary>
    private PendingRules Since(long propertyId, ulong position) =>
        PendingRules.None.Add(position, [PurgeRule.All], Protocol.Urls.QueryMode.WholeQuery, budgetOf(propertyId));

    private void Remove(long propertyId) => _hostsChanged |= _properties.Remove(propertyId);

    /// <summary>Design section 2: a purge is taken as All of the property, a configuration puts it on pass-through; all properties where it names none.</summary>
    private void NotUnderstood(long propertyId, ulong position, bool purges)
    {
        long[] concerned = propertyId == 0 ? [.. _properties.Keys] : [propertyId];
        if (purges)
        {
            foreach (var concernedId in concerned)
                Purge(concernedId, position, [PurgeRule.All], widened: true);
            return;
        }
        _passThroughAll |= propertyId == 0;
        foreach (var concernedId in concerned)
        {
            if (_properties.TryGetValue(concernedId, out var property))
                _properties[concernedId] = property with { LastConfiguration = position, PassThrough = true, HasUnknownRecord = true };
        }
    }
}

/// <summary>Rules of one record that are in force on this node. <paramref name="Widened"/>: something was not understood, or was more than the budget.</summary>
internal sealed record AppliedPurge(long PropertyId, ulong Position, IReadOnlyList<PurgeRule> Rules, bool Widened);

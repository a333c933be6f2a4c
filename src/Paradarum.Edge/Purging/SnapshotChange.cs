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
    private readonly Dictionary<long, PurgesOfProperty> _purged = [];
    private readonly List<(long, ulong)> _removed = [];
    private readonly List<AppliedPurge> _purges = [];
    private (ulong Position, ReadOnlyMemory<byte> Hash) _last = (before.Position, before.Hash);
    private ImmutableDictionary<long, bool> _unread = before.Unread;
    private bool _passThroughAll = before.PassThroughAll;
    private bool _hostsChanged;
    private bool _configured;

    /// <summary>Purges in force with the new snapshot, in order.</summary>
    public IReadOnlyList<AppliedPurge> Purges => _purges;

    /// <summary>Properties that went, and by which record; one may be here again since.</summary>
    public IReadOnlyList<(long PropertyId, ulong Position)> Removed => _removed;

    /// <exception cref="InvalidOperationException">The record does not follow the one before: the node must stop rather than skip.</exception>
    public void Apply(LogRecord record)
    {
        if (record.Position != _last.Position + 1)
            throw new InvalidOperationException($"Record {record.Position} does not follow {_last.Position}.");
        _last = (record.Position, record.Hash);

        var payload = Read(record, out var isOfLaterVersion);
        if (payload is null)
            NotUnderstood(0, record.Position, purges: true);
        else if (payload.BodyCase is RecordPayload.BodyOneofCase.Purge && !isOfLaterVersion)
            Purge(payload.PropertyId, record.Position, payload.Purge);
        else if (payload.BodyCase is RecordPayload.BodyOneofCase.Property)
            Configure(payload.PropertyId, record.Position, payload.Property, !isOfLaterVersion);
        else if (payload.BodyCase is RecordPayload.BodyOneofCase.PropertyRemoved)
            Remove(payload.PropertyId, record.Position);
        else
            NotUnderstood(payload.PropertyId, record.Position, payload.Purges);
    }

    public NodeSnapshot Build()
    {
        foreach (var (propertyId, purged) in _purged)
            _properties[propertyId] = _properties[propertyId] with { LastPurge = purged.LastPurge, Pending = purged.Pending.Build() };
        return before with
        {
            Position = _last.Position,
            Hash = _last.Hash,
            PassThroughAll = _passThroughAll,
            Unread = _unread,
            Properties = _properties.ToImmutable(),
            Hosts = _hostsChanged ? HostsOf(_properties.Values) : before.Hosts,
            PassingThrough = _configured ? _properties.Values.Count(property => property.PassThrough) : before.PassingThrough,
        };
    }

    /// <summary>A hostname that two properties name belongs to the one that was configured last.</summary>
    public static FrozenDictionary<string, HostView> HostsOf(IEnumerable<PropertyView> properties)
    {
        var hosts = new Dictionary<string, HostView>(StringComparer.Ordinal);
        foreach (var property in properties.OrderBy(property => property.LastConfiguration))
        {
            var certificates = property.Configuration.Certificates.ToDictionary(certificate => certificate.Id, StringComparer.Ordinal);
            foreach (var hostname in property.Configuration.Hostnames)
                hosts[hostname.Name] = new HostView(hostname.Name, property.Id, hostname.Active)
                {
                    Certificate = certificates.GetValueOrDefault(hostname.CertificateId ?? ""),
                };
        }
        return hosts.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static RecordPayload? Read(LogRecord record, out bool isOfLaterVersion)
    {
        isOfLaterVersion = false;
        try
        {
            return LaterVersion.Read(RecordPayload.Parser, record.Payload.Span, out isOfLaterVersion);
        }
        catch (InvalidProtocolBufferException)
        {
            return null; // not even its property can be told
        }
    }

    private void Purge(long propertyId, ulong position, PurgeBody body)
    {
        var isMine = body.OnlyNode.Length == 0 || string.Equals(body.OnlyNode, nodeId, StringComparison.Ordinal);
        var rules = new PurgeRule[isMine ? body.Rules.Count : 0];
        var widened = false;
        for (var i = 0; i < rules.Length; i++)
        {
            var rule = PurgeRule.FromMessage(body.Rules[i]);
            widened |= rule is null;
            rules[i] = rule ?? PurgeRule.All;
        }
        Purge(propertyId, position, rules, widened);
    }

    private void Purge(long propertyId, ulong position, PurgeRule[] rules, bool widened)
    {
        if (!_properties.TryGetValue(propertyId, out var property))
            return; // nothing of it is or can be stored here
        // What several records purge of one property is put together before a snapshot is made of it.
        if (!_purged.TryGetValue(propertyId, out var purged))
            _purged.Add(propertyId, purged = new PurgesOfProperty(new PendingRules.Draft(property.Pending)));
        purged.LastPurge = position;
        if (rules.Length == 0)
            return;
        purged.Pending.Add(position, rules, CacheRuleSet.Of(property.Configuration).Keyed, budgetOf(propertyId));
        widened |= purged.Pending.IsAllAt(position) && !Array.Exists(rules, static rule => rule.Kind is PurgeKind.All);
        _purges.Add(new AppliedPurge(propertyId, position, rules, widened));
    }

    /// <summary>The whole configuration, instead of the former one. What a later version has put into it is left out, and the property passes through until one that is understood.</summary>
    private void Configure(long propertyId, ulong position, PropertyBody body, bool isUnderstood)
    {
        _hostsChanged = _configured = true;
        var isKnown = PropertyConfiguration.IsKnown(body);
        var passThrough = !isKnown || !isUnderstood;
        var hasUnknownRecord = _unread.GetValueOrDefault(propertyId);
        if (isKnown)
            _unread = _unread.Remove(propertyId);
        else if (!_properties.ContainsKey(propertyId))
            _unread = _unread.SetItem(propertyId, hasUnknownRecord);
        if (_properties.TryGetValue(propertyId, out var former))
            _properties[propertyId] = former with
            {
                Configuration = isKnown ? PropertyConfiguration.FromMessage(body) : former.Configuration,
                LastConfiguration = position,
                PassThrough = passThrough || former.HasUnknownRecord,
            };
        else if (isKnown)
            _properties[propertyId] = new PropertyView(
                propertyId,
                PropertyConfiguration.FromMessage(body),
                LastPurge: 0,
                position,
                passThrough || hasUnknownRecord,
                Since(propertyId, position)
            )
            {
                HasUnknownRecord = hasUnknownRecord,
            };
    }

    /// <summary>A property that is new here, or here again: nothing that was fetched before it came may be used.</summary>
    private PendingRules Since(long propertyId, ulong position) =>
        PendingRules.None.Add(position, [PurgeRule.All], static target => target, budgetOf(propertyId));

    private void Remove(long propertyId, ulong position)
    {
        _removed.Add((propertyId, position));
        _configured = true;
        _unread = _unread.Remove(propertyId);
        _hostsChanged |= _properties.Remove(propertyId);
        _purged.Remove(propertyId);
    }

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
        _configured = true;
        _passThroughAll |= propertyId == 0;
        foreach (var concernedId in concerned)
        {
            if (_properties.TryGetValue(concernedId, out var property))
                _properties[concernedId] = property with { LastConfiguration = position, PassThrough = true, HasUnknownRecord = true };
            else
                _unread = _unread.SetItem(concernedId, true);
        }
    }
}

/// <summary>What the records of one change purge of one property.</summary>
internal sealed class PurgesOfProperty(PendingRules.Draft pending)
{
    public PendingRules.Draft Pending { get; } = pending;

    public ulong LastPurge { get; set; }
}

/// <summary>Rules of one record that are in force on this node. <paramref name="Widened"/>: something was not understood, or was more than the budget.</summary>
internal sealed record AppliedPurge(long PropertyId, ulong Position, IReadOnlyList<PurgeRule> Rules, bool Widened);

using Google.Protobuf;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Protocol.Purging;

namespace Paradarum.Testing.Edge;

/// <summary>A purge log in memory, with real records: nodes in tests apply it as far as the test says.</summary>
internal sealed class TestLog
{
    private readonly List<LogRecord> _records = [];

    public TestLog(string epoch = "0123456789abcdef0123456789abcdef") => Epoch = epoch;

    public string Epoch { get; }

    public IReadOnlyList<LogRecord> Records => _records;

    public ulong Head => (ulong)_records.Count;

    public ulong Configure(long propertyId, PropertyConfiguration configuration) =>
        Append(new RecordPayload { PropertyId = propertyId, Property = configuration.ToMessage() });

    public ulong Remove(long propertyId) => Append(new RecordPayload { PropertyId = propertyId, PropertyRemoved = new PropertyRemoved() });

    /// <summary>A purge as the contract spells it.</summary>
    public ulong Purge(long propertyId, string type, string? value = null, string? matchType = null)
    {
        if (!PurgeRule.Parse(type, value, matchType).Ok(out var rule, out var refusal))
            throw new ArgumentException(refusal.Message, nameof(type));
        var body = new PurgeBody();
        body.Rules.Add(rule.ToMessage());
        return Append(
            new RecordPayload
            {
                PropertyId = propertyId,
                Purges = true,
                Purge = body,
            }
        );
    }

    public ulong Append(RecordPayload payload)
    {
        var bytes = payload.ToByteArray();
        var previous = _records.Count == 0 ? Chain.Origin(Epoch) : _records[^1].Hash.ToArray();
        var position = Head + 1;
        _records.Add(new LogRecord(position, Chain.Next(previous, position, bytes), bytes));
        return position;
    }
}

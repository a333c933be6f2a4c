using Google.Protobuf;
using Paradarum.Protocol.Link;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>What a node that starts from a snapshot is told of one property.</summary>
internal readonly record struct PropertyStanding(PropertyBody? Body, ulong LastPurge, ulong LastConfiguration);

/// <summary>The durable log and what follows from it. What is appended is nobody's business before it is flushed; a crash loses it.</summary>
internal sealed class SimulatedLog
{
    public const string FirstEpoch = "epoch-1";

    private static readonly LogEntry[] Beginning = Begin();

    private readonly List<LogEntry> _entries;
    private readonly PropertyStanding[] _standings = new PropertyStanding[2];

    public SimulatedLog()
    {
        Epoch = FirstEpoch;
        _entries = [.. Beginning];
        Stand();
    }

    /// <summary>A backup put back: the log as it was at a position, under a new id.</summary>
    public SimulatedLog(SimulatedLog former, ulong through, string epoch)
    {
        Epoch = epoch;
        _entries = [LogEntry.Origin(epoch)];
        for (var position = 1UL; position <= through; position++)
            Append(former[position].Payload);
    }

    public string Epoch { get; }

    public ulong Head => (ulong)_entries.Count - 1;

    public LogEntry this[ulong position] => _entries[(int)position];

    /// <summary>As of the head.</summary>
    public ReadOnlySpan<PropertyStanding> Standings => _standings;

    public ulong Append(RecordPayload payload)
    {
        _entries.Add(LogEntry.After(_entries[^1], Head + 1, payload));
        Stand(Head);
        return Head;
    }

    /// <summary>Which property the moving host belongs to.</summary>
    public int Owner => _standings[0].Body!.Hostnames.Count > 1 ? 1 : 2;

    public ByteString HashAt(ulong position) => _entries[(int)position].Hash;

    private void Stand()
    {
        for (var position = 1UL; position <= Head; position++)
            Stand(position);
    }

    private void Stand(ulong position)
    {
        var payload = _entries[(int)position].Payload;
        ref var standing = ref _standings[payload.PropertyId - 1];
        standing =
            payload.BodyCase is RecordPayload.BodyOneofCase.Property
                ? standing with
                {
                    Body = payload.Property,
                    LastConfiguration = position,
                }
                : standing with
                {
                    LastPurge = position,
                };
    }

    private static LogEntry[] Begin()
    {
        var origin = LogEntry.Origin(FirstEpoch);
        var one = LogEntry.After(origin, 1, Topology.Configuration(1, hasMoving: true));
        return [origin, one, LogEntry.After(one, 2, Topology.Configuration(2, hasMoving: false))];
    }
}

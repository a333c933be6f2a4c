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

    // What stands where an identity column has left a gap.
    private static readonly RecordPayload Nothing = new()
    {
        PropertyId = 1,
        Purges = true,
        Purge = new PurgeBody(),
    };

    private readonly List<LogEntry> _entries;
    private readonly PropertyStanding[] _standings = new PropertyStanding[2];

    public SimulatedLog()
    {
        Epoch = FirstEpoch;
        _entries = [.. Beginning];
        Stand();
    }

    public SimulatedLog(SimulatedLog other)
    {
        Epoch = other.Epoch;
        _entries = [.. other._entries];
        other._standings.CopyTo(_standings, 0);
    }

    /// <summary>A backup put back: the log as it was at a position, under a new id.</summary>
    public SimulatedLog(SimulatedLog former, ulong through, string epoch)
    {
        Epoch = epoch;
        _entries = [LogEntry.Origin(epoch)];
        for (var position = 1UL; position <= through; position++)
            Append(former[position].Payload);
    }

    public string Epoch { get; set; }

    public ulong Head => (ulong)_entries.Count - 1;

    public LogEntry this[ulong position] => _entries[(int)position];

    /// <summary>As of the head.</summary>
    public ReadOnlySpan<PropertyStanding> Standings => _standings;

    public ulong Append(RecordPayload payload)
    {
        Append(LogEntry.After(_entries[^1], Head + 1, payload));
        return Head;
    }

    /// <summary>What another copy of the log holds at the next position.</summary>
    public void Append(LogEntry entry)
    {
        _entries.Add(entry);
        Stand(Head);
    }

    /// <summary>
    /// Mutation: a position that was given out before its transaction was over. Whoever reads meanwhile sees what came after it, and since such a column has gaps anyway, goes on.
    /// </summary>
    public void Put(ulong position, RecordPayload payload)
    {
        while (Head + 1 < position)
            Append(Nothing);
        if (position > Head)
        {
            Append(payload);
            return;
        }
        _entries[(int)position] = LogEntry.After(_entries[(int)position - 1], position, payload);
        Stand(position);
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
                    LastPurge = Math.Max(standing.LastPurge, position),
                };
    }

    private static LogEntry[] Begin()
    {
        var origin = LogEntry.Origin(FirstEpoch);
        var one = LogEntry.After(origin, 1, Topology.Configuration(1, hasMoving: true));
        return [origin, one, LogEntry.After(one, 2, Topology.Configuration(2, hasMoving: false))];
    }
}

using Google.Protobuf;
using Paradarum.Edge.ControlLink;
using Paradarum.Edge.Leasing;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;

namespace Paradarum.Edge.Tests.ControlLink;

/// <summary>The node's machine with a log to follow and a clock in milliseconds; keeps what was decided.</summary>
internal sealed class TestNode
{
    public const string Epoch = "log";
    public const long Lease = 3000;
    public const long Grace = 30_000;

    private ulong _beats;

    public TestNode(NodeCursor? durable = null)
    {
        Machine = new NodeMachine(durable, ticksPerSecond: 1000);
        Machine.Opened();
    }

    public NodeMachine Machine { get; }

    public Lease Published { get; private set; } = Leasing.Lease.None;

    public IReadOnlyList<NodeDecision> Decided { get; private set; } = [];

    public ByteString HashAt(ulong position, string epoch = Epoch)
    {
        var hash = Chain.Origin(epoch);
        for (ulong next = 1; next <= position; next++)
            hash = Chain.Next(hash, next, Payload(next));
        return ByteString.CopyFrom(hash);
    }

    public TestNode Welcomed(string epoch = Epoch) => Take(Machine.Welcomed(epoch));

    public TestNode Snapshot(ulong position, long now = 0, string epoch = Epoch) =>
        Take(
            Machine.Snapshot(
                new SnapshotPart
                {
                    Epoch = epoch,
                    Position = position,
                    Hash = HashAt(position, epoch),
                    Last = true,
                },
                now
            )
        );

    public TestNode Records(ulong from, ulong through, long now = 0, Func<LogRecordMessage, LogRecordMessage>? change = null)
    {
        var records = new List<LogRecordMessage>();
        for (var position = from; position <= through; position++)
        {
            var record = new LogRecordMessage
            {
                Position = position,
                Hash = HashAt(position),
                Payload = ByteString.CopyFrom(Payload(position)),
            };
            records.Add(change?.Invoke(record) ?? record);
        }
        return Take(Machine.Records(records, now));
    }

    public ulong Beat(long now)
    {
        Machine.Beat(now);
        return ++_beats;
    }

    public TestNode Granted(ulong heartbeat, ulong head, long now, long lease = Lease, long grace = Grace) =>
        Take(
            Machine.Granted(
                new Grant
                {
                    Heartbeat = heartbeat,
                    LeaseMilliseconds = lease,
                    GraceMilliseconds = grace,
                    Head = head,
                },
                now
            )
        );

    public void Reconnect()
    {
        Machine.Opened();
        _beats = 0;
    }

    public TestNode ToldToLeave() => Take(Machine.ToldToLeave());

    public TestNode ServingIsOver() => Take(Machine.ServingIsOver());

    private TestNode Take(IReadOnlyList<NodeDecision> decisions)
    {
        Decided = decisions;
        foreach (var publish in decisions.OfType<NodeDecision.Publish>())
            Published = publish.Lease;
        return this;
    }

    private static byte[] Payload(ulong position) => BitConverter.GetBytes(position);
}

using System.Globalization;
using Paradarum.Control.Fleet;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>The control plane's machine with a clock that the test sets, in seconds since its start.</summary>
internal sealed class TestFleetMachine
{
    public static readonly FleetOptions Options = new();

    private int _starts;

    public TestFleetMachine(
        FleetOptions? options = null,
        FleetStart? start = null,
        IEnumerable<FleetNode>? nodes = null,
        params KnownInstance[] instances
    ) =>
        Machine = new FleetMachine(
            options ?? Options,
            start ?? new FleetStart(Head: 10, CompleteThrough: 0, default, Restored: false),
            LeaseCount.TwoPercentLonger,
            nodes
                ?? [new FleetNode("shield", NodeRole.Shield), new FleetNode("pop", NodeRole.Pop), new FleetNode("other pop", NodeRole.Pop)],
            instances
        );

    public FleetMachine Machine { get; }

    public double Seconds { get; set; }

    public TimeSpan Now => TimeSpan.FromSeconds(Seconds);

    public FleetNode Node(string id) => Machine.Find(id)!;

    public static InstanceFacts Start(string id, string boot = "boot", string folder = "folder", long startedAt = 1) =>
        new(id, boot, folder, startedAt);

    public NodeLink Connect(string id, ulong? presented = 10, InstanceFacts? facts = null) =>
        Machine.Hello(Node(id), facts ?? Start((++_starts).ToString(CultureInfo.InvariantCulture), startedAt: _starts), presented, Now)!;

    public NodeLink ConnectAndLease(string id, ulong? presented = 10)
    {
        var link = Connect(id, presented);
        Beat(link).ShouldBe(RenewalReason.Granted);
        return link;
    }

    public RenewalReason Beat(NodeLink link) => Machine.Heartbeat(link, Now).Reason;

    public bool Send(NodeLink link, ulong through) => Machine.Dispatch.Admit(link, through, 100, Now);

    public void SendAndApply(NodeLink link, ulong through)
    {
        Send(link, through).ShouldBeTrue();
        Machine.Acknowledge(link, through).ShouldBeTrue();
    }

    public IReadOnlyList<CompletedRange> Decide() => Machine.Completion.Decide(Machine.Dispatch.Head, Now);

    public ulong CompleteThrough
    {
        get
        {
            Decide();
            return Machine.Completion.DecidedThrough;
        }
    }
}

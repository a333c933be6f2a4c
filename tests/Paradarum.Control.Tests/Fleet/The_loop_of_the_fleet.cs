using Microsoft.Extensions.Logging.Abstractions;
using Paradarum.Control.Fleet;
using Paradarum.Control.Tests.PurgeLog;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Tests.Fleet;

public sealed class The_loop_of_the_fleet
{
    [Fact]
    public async Task Is_woken_by_events_and_not_by_its_own_look_at_the_time_while_news_gathers()
    {
        await using var log = TestLog.Open();
        var node = new NodeRecord("n1", "pop-1", NodeRole.Pop, log.Time.GetUtcNow(), true, false, null, null, [], "", false, 0, 0);
        var start = new FleetStart(0, 0, new LeaseTerms(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(30)), Restored: false);
        var memory = new FleetMemory(start, [node], [], new byte[32], 0, 0, [], [], []);
        var desk = new FleetDesk(memory, new FleetOptions(), log.Feed, log.Time, NullLogger.Instance);

        desk.Hello(node, new InstanceFacts("i1", "boot", "folder", 1), null, "http://127.0.0.1:9", new Wake()).ShouldNotBeNull();
        await desk.Loop.WaitAsync(TestContext.Current.CancellationToken);
        desk.HasNews().ShouldBe((true, false));

        desk.Tick();
        var again = desk.Loop.WaitAsync(TestContext.Current.CancellationToken);
        again.IsCompleted.ShouldBeFalse();
        desk.HeadMoved(1);
        await again;
    }
}

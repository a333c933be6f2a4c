using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.Tests.PurgeLog;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Fleet;

public sealed class Records_that_come_together
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Share_a_message_that_waits_no_longer_than_it_was_set()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        var every = TimeSpan.FromMilliseconds(500);
        await using var host = await ControlHost.StartAsync(
            configure: options => options with { Fleet = options.Fleet with { NewsEvery = every } },
            surroundings: new() { Time = time }
        );
        using var port = new FleetPort(host);
        using var played = await port.ConnectAsync(await port.EnrolAsync("shield1", NodeRole.Shield));
        await played.HearAsync(ControlMessage.BodyOneofCase.Snapshot);

        // 1. The first goes at once, whatever the clock says.
        var first = await AppendAsync(host, 1);
        (await RecordsAsync(played)).ShouldBe([first[0].Position]);

        // 2. What comes within the time waits, also when the first is acknowledged meanwhile. A heartbeat is answered: the stream itself does not wait.
        await played.AckAsync(first[0].Position, Google.Protobuf.ByteString.CopyFrom(first[0].Hash.Span));
        var together = await AppendAsync(host, 10);
        port.Desk.HeadMoved(together[^1].Position);
        await played.BeatAsync(1);
        (await played.HearAsync())!.BodyCase.ShouldBe(ControlMessage.BodyOneofCase.Grant);

        // 3. Then all of it is one message.
        time.Advance(every);
        (await RecordsAsync(played)).ShouldBe(together.Select(record => record.Position));
    }

    private static async Task<IEnumerable<ulong>> RecordsAsync(FleetPort.PlayedNode node) =>
        (await node.HearAsync(ControlMessage.BodyOneofCase.Records)).Records.Records_.Select(record => record.Position).ToList();

    private static async Task<List<LogRecord>> AppendAsync(ControlHost host, int many)
    {
        var records = new List<LogRecord>();
        for (var n = 0; n < many; n++)
            records.Add(await host.Writer.WriteAsync(write => write.Append(TestLog.Purge(1, $"/{n}")), Stop));
        return records;
    }
}

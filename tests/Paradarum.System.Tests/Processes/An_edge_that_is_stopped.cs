using System.Net;
using System.Text.Json;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>Issue text "Safe": graceful drain on stop, access log.</summary>
public sealed class An_edge_that_is_stopped
{
    [Fact]
    public async Task Cuts_no_request_that_runs_and_has_logged_all_of_them()
    {
        using var folder = new TemporaryFolder();
        var log = Path.Combine(folder.Path, "access.log");
        await using var fleet = await ProcessFleet.StartAsync(new ProcessFleetOptions { Shields = 0, Edge = ["--access-log", log] });
        fleet.Serves("hello");
        await fleet.Pops[0].VisitAsync("/first?x=1");
        (await fleet.Pops[0].VisitAsync("/first?x=1")).Headers.ContainsKey("X-Request-Id").ShouldBeTrue();
        var gate = new Gate();
        fleet.Origin.StopsHalfway("half", gate);
        var visit = fleet.Pops[0].VisitAsync("/slow");
        await gate.Arrived;
        fleet.Pops[0].Process.Signal(ParadarumProcess.Terminate);
        await Eventually.Async(async () =>
        {
            try
            {
                using var probe = new System.Net.Sockets.TcpClient();
                await probe.ConnectAsync("127.0.0.1", new Uri(fleet.Pops[0].Visitor.Url).Port);
                return false;
            }
            catch (System.Net.Sockets.SocketException)
            {
                return true;
            }
        });
        gate.Open();
        (await visit).Body.ShouldBe("halfhalf");
        (await fleet.Pops[0].Process.EndAsync()).Code.ShouldBe(0);

        var lines = (await File.ReadAllLinesAsync(log)).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToArray();
        var visits = lines.Where(line => line.GetProperty("target").GetString() is "/first?x=1" or "/slow").ToArray();
        visits
            .Select(line => (line.GetProperty("target").GetString(), line.GetProperty("cache").GetString()))
            .ShouldBe([("/first?x=1", "MISS"), ("/first?x=1", "HIT"), ("/slow", "MISS")]);
        visits.ShouldAllBe(line => line.GetProperty("status").GetInt32() == (int)HttpStatusCode.OK);
        visits[0].GetProperty("bytes").GetInt64().ShouldBe(5);
        visits.Select(line => line.GetProperty("id").GetString()).ShouldBeUnique();
    }
}

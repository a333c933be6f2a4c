using System.Collections.Concurrent;
using System.Text;
using Paradarum.Edge.Serving;
using Paradarum.Protocol.Urls;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Hostile;

[Collection(nameof(Alone))]
public sealed class A_hostile_visitor_of_a_PoP(ITestOutputHelper output)
{
    private const int Seed = 91_110_911;
    private const int Requests = 10_000;
    private const int Visitors = 4;

    private readonly ConcurrentDictionary<int, int> _answers = new();

    [Fact]
    public async Task Breaks_nothing_and_stores_nothing_under_a_wrong_key()
    {
        output.WriteLine($"Seed {Seed}");
        await using var fleet = await TestFleet.StartAsync(pops: 1);
        var pop = fleet.Pops[0];
        fleet.Origin.Script = exchange => exchange.RespondAsync(Echo(exchange.Request), "Cache-Control: max-age=86400");
        using var neighbour = await fleet.AddNeighbourAsync("neighbour");
        await neighbour.GetAsync("/page");

        var visits = new HostileVisits(Seed);
        var requests = new ConcurrentQueue<HostileRequest>(Enumerable.Range(0, Requests).Select(_ => visits.Next()));
        var visitors = Enumerable
            .Range(0, Visitors)
            .Select(async _ =>
            {
                using var connection = new RawConnection(pop.Node.Url.Port);
                while (requests.TryDequeue(out var request))
                    await VisitAsync(connection, request);
            });
        await Task.WhenAll(visitors);
        output.WriteLine(string.Join(", ", _answers.OrderBy(answer => answer.Key)));

        // The origin saw canonical targets alone, no second request inside another, and nothing of the fleet's own.
        foreach (var request in fleet.Origin.Requests)
        {
            Canonical(request.Target).ShouldBe(request.Target);
            request.Target.ShouldNotBe("/smuggled");
            request.Fields.ShouldNotContain(field =>
                field.Key.Equals("X-Smuggled", StringComparison.OrdinalIgnoreCase)
                || field.Key.StartsWith(HeaderRules.InternalPrefix, StringComparison.OrdinalIgnoreCase)
            );
        }
        // What each key holds is the page of that key, asked for with GET on the property's own host.
        using var again = new RawConnection(pop.Node.Url.Port);
        foreach (var target in fleet.Origin.Requests.Select(request => request.Target).Distinct(StringComparer.Ordinal).Take(1_000))
        {
            var answer = await again.SendAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: {TestFleet.Host}\r\n\r\n"));
            answer!.Text.ShouldBe($"GET {TestFleet.Host} {target}");
        }
        (await neighbour.GetAsync("/page")).ShouldSatisfyAllConditions(
            visit => visit.Cache.ShouldBe("HIT"),
            visit => visit.Body.ShouldBe("GET neighbour.cdn.localhost /page")
        );
        pop.Node.Following.IsCompleted.ShouldBeFalse("the node follows the log as before");
        _answers.Keys.ShouldContain(200);
        _answers.Keys.ShouldContain(421);
    }

    private async Task VisitAsync(RawConnection connection, HostileRequest request)
    {
        if (request.Manner == Manner.CutOff)
        {
            await connection.SendAndLeaveAsync(request.Bytes);
            return;
        }
        var answer = await connection.SendAsync(request.Bytes, isHead: request.Bytes.AsSpan().StartsWith("HEAD "u8));
        if (answer is null)
            return;
        _answers.AddOrUpdate(answer.Status, 1, static (_, count) => count + 1);
        answer.Status.ShouldBeInRange(200, 499, $"{answer.Text} for {request}");
        if (answer.Status == 200 && request.Manner == Manner.WellFormed && HostileVisits.TargetOf(request) is { } target)
            answer.Text.ShouldBe($"GET {TestFleet.Host} {Canonical(target)}", request.ToString());
    }

    private static string Echo(OriginRequest request) => $"{request.Method} {request["Host"]} {request.Target}";

    private static string Canonical(string target)
    {
        var path = target.StartsWith("http://", StringComparison.Ordinal) ? target["http://".Length..][TestFleet.Host.Length..] : target;
        return CanonicalTarget.Parse(path).Ok(out var canonical, out _) ? canonical.PathAndQuery : "";
    }
}

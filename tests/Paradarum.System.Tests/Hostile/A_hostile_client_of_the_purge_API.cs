using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Hostile;

/// <summary>Memory is measured, so nothing else runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

[Collection(nameof(Alone))]
public sealed class A_hostile_client_of_the_purge_API(ITestOutputHelper output)
{
    private const int Seed = 20_261_123;
    private const int Requests = 10_000;
    private const int Round = 1_000;
    private const int Clients = 4;

    /// <summary>Bytes of objects that may be alive more after the last round than after the first. Measured: 7.5 MiB, of which the test's own notes are about 4.</summary>
    private const long MostGrowth = 16L << 20;

    /// <summary>
    /// The same for buffers, which pools keep: up to 12 bytes for each token of a body of 4 MiB while it is parsed, one of each size for each thread until they
    /// rest for a minute, and the blocks of the server. Measured: 47 MiB, levelling off.
    /// </summary>
    private const long MostBuffers = 72L << 20;

    private readonly ConcurrentQueue<string> _accepted = new();
    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);

    [Fact]
    public async Task Gets_a_sentence_for_all_that_is_wrong_and_harms_nobody()
    {
        output.WriteLine($"Seed {Seed}");
        await using var fleet = await TestFleet.StartAsync(pops: 1, tailBytes: 1 << 20);
        fleet.Origin.Script = exchange => exchange.RespondAsync("page", "Cache-Control: max-age=86400");
        using var neighbour = await fleet.AddNeighbourAsync("neighbour");
        await neighbour.GetAsync("/page");
        var requests = new HostilePurges(Seed, fleet.Property.Id, fleet.Control.Operator.ApiKey);
        using var stop = new CancellationTokenSource();
        var others = VisitNeighbourAsync(neighbour, stop.Token);

        MemoryInUse before = default;
        for (var round = 0; round < Requests / Round; round++)
        {
            await StoreLongUrlsAsync(fleet);
            await SendRoundAsync(fleet, new(Enumerable.Range(0, Round).Select(_ => requests.Next())));
            var memory = MemoryInUse.Now();
            output.WriteLine(
                $"After {(round + 1) * Round}: objects {memory.Objects >> 10} KiB, buffers {memory.Buffers >> 10} KiB, {_accepted.Count} accepted"
            );
            if (round == 0)
                before = memory;
        }

        var after = MemoryInUse.Now();
        await stop.CancelAsync();
        var hits = await others;
        output.WriteLine(
            $"{hits} hits of the neighbour; {string.Join(", ", _answers.OrderBy(answer => answer.Key, StringComparer.Ordinal))}"
        );
        hits.ShouldBeGreaterThan(100);
        (after.Objects - before.Objects).ShouldBeLessThan(MostGrowth);
        (after.Buffers - before.Buffers).ShouldBeLessThan(MostBuffers);
        foreach (var answer in new[] { "200", "400", "401", "404", "405", "409", "413", "415" })
            _answers.ShouldContainKey(answer, "the requests reach every guard");
    }

    /// <summary>Sends them over several connections, then holds what came back against what the log and the receipts say.</summary>
    private async Task SendRoundAsync(TestFleet fleet, ConcurrentQueue<HostileRequest> requests)
    {
        var (head, known) = (fleet.Control.Feed.Head.Position, _accepted.ToHashSet(StringComparer.Ordinal));
        var clients = Enumerable
            .Range(0, Clients)
            .Select(async _ =>
            {
                using var connection = new RawConnection(fleet.Control.Plane.Api.Port);
                while (requests.TryDequeue(out var request))
                    await SendAsync(connection, request);
            });
        await Task.WhenAll(clients);

        // One record for each purge that was answered 200, none for anything else; an Idempotency-Key makes one of several.
        var purges = _accepted.Distinct(StringComparer.Ordinal).Where(location => !known.Contains(location)).ToList();
        (fleet.Control.Feed.Head.Position - head).ShouldBe((ulong)purges.Count);
        foreach (var location in purges.AsEnumerable().Reverse())
        {
            var receipt = await fleet.ReceiptAsync(location, "60s");
            receipt["state"]!.GetValue<string>().ShouldBe("complete", location);
        }
    }

    private async Task SendAsync(RawConnection connection, HostileRequest request)
    {
        if (request.Manner == Manner.CutOff)
        {
            await connection.SendAndLeaveAsync(request.Bytes);
            return;
        }
        var answer = await connection.SendAsync(request.Bytes);
        if (request.Manner == Manner.Malformed)
        {
            // The server's own answer, before there is a request: a 4xx, 505 for another version of HTTP, or none.
            if (answer is not null)
                (answer.Status is (>= 400 and < 500) or 505).ShouldBeTrue($"{answer.Status} {answer.Text} for {request}");
            return;
        }

        answer.ShouldNotBeNull(request.ToString());
        answer.Status.ShouldBeInRange(200, 499, $"{answer.Text} for {request}");
        JsonNode
            .Parse(answer.Body)
            .ShouldBeOfType<JsonObject>()
            .ShouldSatisfyAllConditions(
                envelope => envelope.Select(field => field.Key).Take(3).ShouldBe(["succeeded", "message", "data"], request.ToString()),
                envelope => envelope["succeeded"]!.GetValue<bool>().ShouldBe(answer.Status < 400),
                envelope => envelope["message"]!.GetValue<string>().ShouldNotBeEmpty()
            );
        _answers.AddOrUpdate(answer.Status.ToString(CultureInfo.InvariantCulture), 1, static (_, count) => count + 1);
        if (answer["Location"] is { } location)
            _accepted.Enqueue(location);
    }

    /// <summary>URLs of 2 000 characters that the patterns take longest on.</summary>
    private static async Task StoreLongUrlsAsync(TestFleet fleet)
    {
        for (var n = 0; n < 40; n++)
        {
            var target = $"/{n:00}" + (n % 2 == 0 ? new string('a', 1996) + "!" : string.Concat(Enumerable.Repeat("ab", 998)) + "!");
            (await fleet.Pops[0].VisitAsync(target)).Status.ShouldBe(System.Net.HttpStatusCode.OK);
        }
    }

    /// <summary>Every visit of another property on the same PoP is answered from its store, all the time.</summary>
    private static async Task<int> VisitNeighbourAsync(Visitor neighbour, CancellationToken stop)
    {
        var hits = 0;
        while (!stop.IsCancellationRequested)
        {
            (await neighbour.GetAsync("/page")).Cache.ShouldBe("HIT");
            hits++;
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }
        return hits;
    }

    /// <summary>What is alive after a full collection, in bytes, without the holes that pinned buffers of sockets leave in the heap.</summary>
    /// <param name="Objects">In the generations.</param>
    /// <param name="Buffers">Large objects and pinned ones: what pools keep.</param>
    private readonly record struct MemoryInUse(long Objects, long Buffers)
    {
        private const int LargeObjects = 3;

        public static MemoryInUse Now()
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            var heaps = GC.GetGCMemoryInfo(GCKind.FullBlocking).GenerationInfo;
            return new(Alive(heaps[..LargeObjects]), Alive(heaps[LargeObjects..]));
        }

        private static long Alive(ReadOnlySpan<GCGenerationInfo> heaps)
        {
            long alive = 0;
            foreach (var heap in heaps)
                alive += heap.SizeAfterBytes - heap.FragmentationAfterBytes;
            return alive;
        }
    }
}

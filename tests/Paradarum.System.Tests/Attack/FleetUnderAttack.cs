using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Paradarum.SystemTests.Processes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Attack;

/// <summary>Eight clients purge and sixteen visitors read while one thing after the other is broken. What they saw is in the ledger.</summary>
internal sealed class FleetUnderAttack(IAttackedFleet fleet, AttackLedger ledger, IFaults faults, int seed, TimeProvider time)
{
    private const int Clients = 8;
    private const int Readers = 16;

    /// <summary>Purges of one client that may be on their way at once.</summary>
    private const int OnTheirWay = 4;

    /// <summary>An attack takes at most this many times as long as it should.</summary>
    private const int MostTimes = 4;

    private static readonly string[] Pages =
    [
        .. Enumerable.Range(0, 32).Select(n => string.Create(CultureInfo.InvariantCulture, $"/p/{n}")),
    ];
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(30);

    /// <summary>After no answer, or a refusal: who hammers on what is just starting keeps it from starting.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(300);

    /// <summary>Longer than any fault lasts: the answer of a node that was stopped meanwhile is the one worth seeing.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>As long as said, and on until that many kinds of fault have happened: where a takeover takes half a minute, half a minute shows nothing else.</summary>
    /// <returns>How long it took.</returns>
    public async Task<TimeSpan> RunAsync(TimeSpan length, int kinds)
    {
        using var over = new CancellationTokenSource();
        var begun = time.GetTimestamp();
        await Task.WhenAll([
            EndAsync(begun, length, kinds, over),
            faults.RunUntilAsync(over.Token),
            .. Enumerable.Range(0, Clients).Select(n => PurgeUntilAsync(new Random(seed + n + 1), over.Token)),
            .. Enumerable
                .Range(0, Readers)
                .Select(n => ReadUntilAsync(AttackFleet.Pops[n % AttackFleet.Pops.Length], new Random(seed - n - 1), over.Token)),
        ]);
        var took = time.GetElapsedTime(begun);
        await ReadEverythingAsync();
        return took;
    }

    private async Task EndAsync(long begun, TimeSpan length, int kinds, CancellationTokenSource over)
    {
        await Task.Delay(length, time, CancellationToken.None);
        while (faults.Injected.Count < kinds && time.GetElapsedTime(begun) < MostTimes * length)
            await Task.Delay(Rest, time, CancellationToken.None);
        await over.CancelAsync();
    }

    private async Task PurgeUntilAsync(Random dice, CancellationToken over)
    {
        using var api = fleet.NewApi(Patience);
        using var origin = new HttpClient { BaseAddress = fleet.Origin, Timeout = Patience };
        using var free = new SemaphoreSlim(OnTheirWay);
        var watching = new List<Task>();
        while (!over.IsCancellationRequested)
        {
            await free.WaitAsync(CancellationToken.None);
            if (await PurgeOneAsync(api, origin, Pages[dice.Next(Pages.Length)], dice.Next(20)) is { } receipt)
                watching.Add(WatchAsync(api, receipt, free));
            else
            {
                free.Release();
                await Task.Delay(Rest, time, CancellationToken.None);
            }
            await Task.Delay(Breath, time, CancellationToken.None);
        }
        await Task.WhenAll(watching);
    }

    /// <summary>The origin changes first, then the purge: as a CMS does.</summary>
    private async Task<string?> PurgeOneAsync(HttpClient api, HttpClient origin, string page, int kind)
    {
        try
        {
            var version = long.Parse(await origin.GetStringAsync("/raise" + page), CultureInfo.InvariantCulture);
            object purge = kind switch
            {
                0 => new { type = "All" },
                1 or 2 => new
                {
                    type = "Regex",
                    value = "/p/",
                    matchType = "starts_with",
                },
                3 or 4 => new { type = "Regex", value = $"^{page}$" },
                _ => new { type = "Path", value = page },
            };
            using var answer = await api.PostAsJsonAsync($"/api/property/{fleet.PropertyId}/purge", purge);
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                ledger.NoteRefused((int)answer.StatusCode + " " + (await answer.Content.ReadFromJsonAsync<JsonObject>())!["message"]);
                return null;
            }
            var receipt = answer.Headers.Location!.OriginalString;
            ledger.NoteAccepted(receipt, page, version);
            return receipt;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            ledger.NoteRefused(e is OperationCanceledException ? "no answer in time" : "not reached");
            return null;
        }
    }

    /// <summary>Asks until it is complete, through everything that happens meanwhile; gives up a minute after which nothing is broken any more.</summary>
    private async Task WatchAsync(HttpClient api, string receipt, SemaphoreSlim free)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(1), time);
        while (!late.IsCancellationRequested)
        {
            try
            {
                using var answer = await api.GetAsync($"{receipt}?wait=2s");
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    var data = (await answer.Content.ReadFromJsonAsync<JsonObject>())!["data"]!;
                    if (data["completedAt"] is { } at)
                    {
                        ledger.NoteComplete(receipt, at.GetValue<DateTimeOffset>() - data["acceptedAt"]!.GetValue<DateTimeOffset>());
                        break;
                    }
                }
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                // The control plane is away: it will be back.
            }
            await Task.Delay(Rest, time, CancellationToken.None);
        }
        free.Release();
    }

    private async Task ReadUntilAsync(string pop, Random dice, CancellationToken over)
    {
        using var visitor = NewVisitor();
        while (!over.IsCancellationRequested)
        {
            await ReadAsync(visitor, pop, Pages[dice.Next(Pages.Length)]);
            await Task.Delay(Breath, time, CancellationToken.None);
        }
    }

    /// <returns>Whether it was answered with a page.</returns>
    private async Task<bool> ReadAsync(HttpClient visitor, string pop, string page)
    {
        var required = ledger.RequiredOf(page);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(fleet.UrlOf(pop), page));
            request.Headers.Host = AttackFleet.Host;
            using var answer = await visitor.SendAsync(request);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                var version = long.Parse(await answer.Content.ReadAsStringAsync(), CultureInfo.InvariantCulture);
                var isHit = answer.Headers.TryGetValues("X-Cache", out var said) && said.First() == "HIT";
                ledger.NoteAnswer(pop, page, required, version, isHit);
                return true;
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // Counted below: a CDN under attack may fail to answer, but it may not answer wrongly.
        }
        ledger.NoteUnanswered();
        return false;
    }

    /// <summary>When all is whole again: every page from every PoP.</summary>
    private async Task ReadEverythingAsync()
    {
        using var visitor = NewVisitor();
        foreach (var pop in AttackFleet.Pops)
        {
            foreach (var page in Pages)
                await Eventually.Async(() => ReadAsync(visitor, pop, page), $"{pop} answers {page} again");
        }
    }

    private static HttpClient NewVisitor() =>
        new(new SocketsHttpHandler { ConnectTimeout = Patience, PooledConnectionLifetime = TimeSpan.FromSeconds(5) })
        {
            Timeout = Patience,
        };
}

using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Npgsql;
using Paradarum.SystemTests.Processes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Attack;

/// <summary>What can happen to a database and to the control planes on it, one thing after the other.</summary>
internal sealed class DatabaseFaults(DatabaseFleet fleet, AttackLedger ledger, Random dice, TimeProvider time) : IFaults
{
    private const int Warm = 25;
    private static readonly TimeSpan LongestOutage = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(50);

    private readonly SortedDictionary<string, int> _injected = new(StringComparer.Ordinal);
    private readonly List<TimeSpan> _acceptedAgain = [];

    public IReadOnlyDictionary<string, int> Injected => _injected;

    /// <summary>From each promotion to the first purge that was accepted after it, the shortest first.</summary>
    public IReadOnlyList<TimeSpan> AcceptedAgain => [.. _acceptedAgain.Order()];

    public async Task RunUntilAsync(CancellationToken over)
    {
        (string Name, int Weight, Func<CancellationToken, Task> Inject)[] kinds =
        [
            ("primary killed, standby promoted", 1, FailOverAsync),
            ("SIGKILL of a control plane", 2, KillControlAsync),
            ("SIGSTOP of a control plane", 2, PauseControlAsync),
            ("control plane cut off from the database", 3, CutAsync),
            ("every session with the database ended", 2, EndSessionsAsync),
            ("no connections left in the database", 1, ExhaustAsync),
            ("SIGKILL of a node", 2, KillNodeAsync),
        ];
        // Nothing is broken before all of it has worked once: a promotion in the first second measures how fast programs are started.
        await Eventually.Async(() => ledger.Completed >= Warm || over.IsCancellationRequested, "purges are complete");
        var bag = kinds.SelectMany(kind => Enumerable.Repeat(kind, kind.Weight)).ToArray();
        while (!over.IsCancellationRequested)
        {
            // Every kind once in each round, in an order of its own: a short attack has them all.
            var round = bag.ToArray();
            dice.Shuffle(round);
            // First, so that what it takes is in every table.
            round = [kinds[0], .. round];
            foreach (var kind in round.DistinctBy(kind => kind.Name).Concat(round).Take(bag.Length))
            {
                if (over.IsCancellationRequested)
                    return;
                await kind.Inject(over);
                _injected[kind.Name] = _injected.GetValueOrDefault(kind.Name) + 1;
                await WaitAsync(0.1, 1, over);
            }
        }
    }

    private Task FailOverAsync(CancellationToken over) =>
        fleet.FailOverAsync(async () =>
        {
            // A client of its own: the others stop purging while too much of theirs is not complete.
            using var api = fleet.NewApi(TimeSpan.FromSeconds(2));
            var since = Stopwatch.GetTimestamp();
            while (!over.IsCancellationRequested && Stopwatch.GetElapsedTime(since) < LongestOutage)
            {
                if (await IsAcceptedAsync(api))
                {
                    _acceptedAgain.Add(Stopwatch.GetElapsedTime(since));
                    return;
                }
                await Task.Delay(Between, time, CancellationToken.None);
            }
        });

    private async Task<bool> IsAcceptedAsync(HttpClient api)
    {
        try
        {
            using var answer = await api.PostAsJsonAsync(
                $"/api/property/{fleet.PropertyId}/purge",
                new { type = "Path", value = "/promoted" }
            );
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private async Task KillControlAsync(CancellationToken over)
    {
        var control = fleet.Control(dice.Next(DatabaseFleet.Controls));
        await control.Process.KillAsync();
        await WaitAsync(0, 1.5, over);
        control.Start();
    }

    private async Task PauseControlAsync(CancellationToken over)
    {
        var control = fleet.Control(dice.Next(DatabaseFleet.Controls));
        await control.Process.PauseAsync();
        await WaitAsync(over);
        control.Process.Signal(ParadarumProcess.Continue);
    }

    private async Task CutAsync(CancellationToken over)
    {
        var control = fleet.Control(dice.Next(DatabaseFleet.Controls));
        control.CutFromDatabase(true);
        await WaitAsync(over);
        control.CutFromDatabase(false);
    }

    private Task EndSessionsAsync(CancellationToken over)
    {
        fleet.Primary.Execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'Paradarum%' AND pid <> pg_backend_pid()"
        );
        return Task.CompletedTask;
    }

    /// <summary>Takes every connection that the server gives, so that nobody gets a new one.</summary>
    private async Task ExhaustAsync(CancellationToken over)
    {
        var taken = new List<NpgsqlConnection>();
        try
        {
            while (taken.Count < 1000)
            {
                var connection = new NpgsqlConnection(fleet.Primary.ConnectionString() + ";Pooling=false");
                taken.Add(connection);
                await connection.OpenAsync(CancellationToken.None);
            }
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.TooManyConnections)
        {
            await WaitAsync(over);
        }
        finally
        {
            foreach (var connection in taken)
                await connection.DisposeAsync();
        }
    }

    private async Task KillNodeAsync(CancellationToken over)
    {
        var node = AttackFleet.Nodes[dice.Next(AttackFleet.Nodes.Length)];
        await fleet.Node(node).KillAsync();
        await WaitAsync(0, 1.5, over);
        fleet.StartNode(node);
        await fleet.Node(node).LineAsync("paradarum edge: listening");
    }

    /// <summary>Half of them are shorter than a lease, the others longer than lease and grace.</summary>
    private Task WaitAsync(CancellationToken over) =>
        dice.Next(2) == 0
            ? WaitAsync(0.2, DatabaseFleet.Lease.TotalSeconds, over)
            : WaitAsync((DatabaseFleet.Lease + DatabaseFleet.Grace).TotalSeconds, 5, over);

    private async Task WaitAsync(double least, double most, CancellationToken over) =>
        await Task.Delay(TimeSpan.FromSeconds(least + (dice.NextDouble() * (most - least))), time, over)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}

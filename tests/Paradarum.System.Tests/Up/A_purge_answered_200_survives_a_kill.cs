using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Up;

/// <summary>G1: after the 200 the purge happens, whatever process is killed at whatever moment.</summary>
public sealed class A_purge_answered_200_survives_a_kill
{
    private const int Purges = 1000;
    private const int Clients = 8;

    [Theory]
    [InlineData(150)]
    [InlineData(600)]
    public async Task Killed_in_the_middle_of_a_thousand_purges_from_eight_clients_each_that_was_answered_completes(int killAfter)
    {
        using var folder = new TemporaryFolder();
        var ports = UpPorts.Pick();
        var accepted = new ConcurrentBag<string>();
        await using (var up = await UpProcess.StartAsync(folder["data"], ports))
        {
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var clients = Enumerable
                .Range(0, Clients)
                .Select(client => PurgeUntilKilledAsync(up, client, accepted, killAfter, enough))
                .ToArray();
            await enough.Task;
            await up.KillAsync();
            (await Task.WhenAll(clients)).ShouldContain(true, "the kill came after the last purge: it was not in the middle");
        }
        accepted.Count.ShouldBeInRange(killAfter, Purges - 1);

        await using var restarted = await UpProcess.StartAsync(folder["data"], ports);
        restarted.ReadyAfter.ShouldBeLessThan(TimeSpan.FromSeconds(10));
        using var api = restarted.Api();
        foreach (var receipt in accepted)
            (await api.ReceiptAsync(receipt, "60s"))["state"]!.GetValue<string>().ShouldBe("complete");

        using var visitor = new Visitor(restarted.Facts.Pops[0].Url, restarted.Facts.Hostname);
        (await visitor.GetAsync("/")).Status.ShouldBe(HttpStatusCode.OK);
        (await visitor.GetAsync("/")).Cache.ShouldBe("HIT");
    }

    /// <returns>True when the process went away under this client.</returns>
    private static async Task<bool> PurgeUntilKilledAsync(
        UpProcess up,
        int client,
        ConcurrentBag<string> accepted,
        int killAfter,
        TaskCompletionSource enough
    )
    {
        using var api = up.Api();
        try
        {
            for (var n = client; n < Purges; n += Clients)
            {
                accepted.Add(await api.PurgeAsync(up.Facts.PropertyId, new { type = "Path", value = $"/page/{n}" }));
                if (accepted.Count >= killAfter)
                    enough.TrySetResult();
            }
            return false;
        }
        catch (HttpRequestException)
        {
            return true;
        }
    }
}

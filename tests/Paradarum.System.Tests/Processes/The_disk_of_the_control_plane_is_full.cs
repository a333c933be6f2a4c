using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>Issue text "Rejoin and fencing": disk full on the control plane.</summary>
public sealed class The_disk_of_the_control_plane_is_full
{
    [Fact]
    public async Task Purges_get_a_clear_5xx_nothing_accepted_is_lost_and_it_recovers_by_itself()
    {
        SmallDisk? disk = null;
        var why = "";
        var options = new ProcessFleetOptions
        {
            Prepare = async folder => (disk, why) = await SmallDisk.TryMountAsync(folder, megabytes: 16),
        };
        await using var fleet = await ProcessFleet.StartAsync(options);
        Assert.SkipWhen(disk is null, $"No disk can be mounted here, so none is filled: {why}");
        await using var mounted = disk;
        var accepted = new List<string> { await fleet.PurgeAsync("Path", "/before") };

        await disk!.FillAsync(full: true);
        HttpResponseMessage refused;
        for (var n = 0; ; n++)
        {
            // The database has some room within its own files; it is used up soon.
            refused = await fleet.Api.PostAsJsonAsync(
                $"/api/property/{fleet.PropertyId}/purge",
                new { type = "Path", value = $"/{n}/{new string('x', 2000)}" }
            );
            if (refused.StatusCode != HttpStatusCode.OK)
                break;
            accepted.Add(refused.Headers.Location!.OriginalString);
            n.ShouldBeLessThan(10_000, "the disk is not full");
        }
        using (refused)
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
            var answer = await refused.Content.ReadFromJsonAsync<JsonObject>();
            answer!["succeeded"]!.GetValue<bool>().ShouldBeFalse();
            answer["message"]!
                .GetValue<string>()
                .ShouldBe("The purge could not be made durable: the control plane's disk is full or fails. Send it again.");
        }
        fleet.Serves("still served");
        (await fleet.Pops[0].VisitAsync("/page")).Status.ShouldBe(HttpStatusCode.OK, "nodes serve on");

        await disk.FillAsync(full: false);
        await Eventually.Async(
            async () =>
            {
                using var again = await fleet.Api.PostAsJsonAsync($"/api/property/{fleet.PropertyId}/purge", new { type = "All" });
                return again.StatusCode == HttpStatusCode.OK;
            },
            "purges are accepted again, without a restart"
        );
        foreach (var receipt in accepted)
            (await fleet.ReceiptAsync(receipt, "30s"))["state"]!.GetValue<string>().ShouldBe("complete");
        fleet.Control.Errors.ShouldContain("could not be made durable");
        fleet.Control.Errors.ShouldContain("The database is open again");
    }
}

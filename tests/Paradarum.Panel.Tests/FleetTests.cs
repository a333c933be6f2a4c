using Microsoft.Playwright;
using Paradarum.Testing;

namespace Paradarum.Panel.Tests;

public sealed class The_operator_of_a_fleet(Chromium chromium)
{
    [Fact]
    public async Task Sees_health_switches_traffic_and_gets_the_command_for_a_new_node()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 1, pops: 2);
        await using var reader = await Reader.OpenAsync(chromium, fleet.Control.Plane.Api);
        await reader.GoSignedInAsync(fleet.Control, "/");
        await reader.Link("Fleet").ClickAsync();

        await Assertions.Expect(Row(reader, "pop-1")).ToContainTextAsync("Healthy");
        await reader.PictureAsync("fleet");

        await Row(reader, "pop-2").GetByRole(AriaRole.Switch).ClickAsync();
        await reader.SeesAsync("pop-2 is out of use.");
        fleet.Registry.List().Single(node => node.Node.Name == "pop-2").Node.Enabled.ShouldBeFalse();

        // A node that goes away is seen without a reload.
        await fleet.Pops[0].KillAsync();
        await Assertions.Expect(Row(reader, "pop-1")).ToContainTextAsync("Out of reach", new() { Timeout = 20_000 });
        await reader.PictureAsync("fleet-away");

        await reader.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("pop-paris");
        await reader.Button("Register").ClickAsync();
        var command = reader.Page.Locator(".copy code");
        await Assertions.Expect(command).ToContainTextAsync("paradarum edge --role pop --control http://127.0.0.1:");
        await Assertions.Expect(command).ToContainTextAsync("pde_");
        await reader.PictureAsync("fleet-enrolment");
        reader.Complaints.ShouldBeEmpty();
    }

    private static ILocator Row(Reader reader, string node) => reader.Page.GetByRole(AriaRole.Row, new() { Name = node });
}

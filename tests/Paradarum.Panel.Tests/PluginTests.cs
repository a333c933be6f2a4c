using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Paradarum.Control;
using Paradarum.Control.Panel.Plugins;
using Paradarum.Testing;

namespace Paradarum.Panel.Tests;

public sealed class The_plugins_packages(Chromium chromium)
{
    [Fact]
    public async Task Are_handed_out_by_a_panel_that_came_with_them()
    {
        using var folder = new TemporaryFolder();
        await PackAsync(folder.Path);
        await using var control = await StartAsync(folder.Path);
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await reader.GoSignedInAsync(control, "/keys");

        foreach (var (link, file) in new[] { ("For WordPress", "wordpress.zip"), ("For PrestaShop", "prestashop.zip") })
        {
            var download = await reader.Page.RunAndWaitForDownloadAsync(() => reader.Link(link).ClickAsync());
            download.SuggestedFilename.ShouldBe(file);
            (await File.ReadAllBytesAsync(await download.PathAsync())).ShouldBe(
                await File.ReadAllBytesAsync(Path.Combine(folder.Path, file))
            );
        }

        await reader.PictureAsync("plugins");
        reader.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Are_said_to_be_missing_where_it_came_without()
    {
        using var folder = new TemporaryFolder();
        await using var control = await StartAsync(folder.Path);
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);

        await reader.GoSignedInAsync(control, "/keys");

        await reader.SeesAsync("This control plane came without the zips");
    }

    [Theory]
    [InlineData("secret.txt")]
    [InlineData("..%2Fsecret.txt")]
    [InlineData("WORDPRESS.ZIP")]
    public async Task Are_all_that_their_folder_gives_away(string name)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["secret.txt"], "secret");
        Directory.CreateDirectory(folder["plugins"]);
        await File.WriteAllTextAsync(Path.Combine(folder["plugins"], "secret.txt"), "secret");
        await File.WriteAllTextAsync(Path.Combine(folder["plugins"], "wordpress.zip"), "zip");
        await using var control = await StartAsync(folder["plugins"]);
        using var client = control.NewClient(apiKey: null);
        var login = await client.PostAnswerAsync(
            "/api/auth/login",
            new { email = control.Operator.Email, password = control.Operator.Password }
        );
        client.DefaultRequestHeaders.Add("Cookie", $"paradarum={login.Data.GetProperty("token").GetString()}");

        (await client.GetAsync("/plugins/wordpress.zip")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await client.GetAsync($"/plugins/{name}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private static Task<ControlHost> StartAsync(string packages) =>
        ControlHost.StartAsync(
            surroundings: new ControlPlaneSurroundings { Services = services => services.AddSingleton(new PluginPackages(packages)) }
        );

    private static async Task PackAsync(string folder)
    {
        using var packing = Process.Start(new ProcessStartInfo(Path.Combine(SourceTree.Root, "eng", "package-plugins"), [folder]))!;
        await packing.WaitForExitAsync();
        packing.ExitCode.ShouldBe(0);
    }
}

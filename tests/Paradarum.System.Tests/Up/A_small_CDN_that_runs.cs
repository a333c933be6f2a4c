using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Up;

/// <summary>What one that runs is asked, without changing what the next test needs.</summary>
public sealed class A_small_CDN_that_runs(A_small_CDN_that_runs.Running running) : IClassFixture<A_small_CDN_that_runs.Running>
{
    [Fact]
    public async Task A_visitor_gets_the_stored_page_until_it_is_purged_and_then_a_new_one()
    {
        var up = running.Up;
        using var visitor = new Visitor(up.Facts.Pops[0].Url, up.Facts.Hostname);
        using var api = up.Api();

        var first = await visitor.GetAsync("/");
        var second = await visitor.GetAsync("/");
        (first.Cache, second.Cache).ShouldBe(("MISS", "HIT"));
        second.Body.ShouldBe(first.Body);

        var receipt = await api.PurgeAndWaitAsync(up.Facts.PropertyId, new { type = "Path", value = "/" });
        receipt["state"]!.GetValue<string>().ShouldBe("complete");
        receipt["jobsDone"]!.GetValue<int>().ShouldBe(receipt["jobCount"]!.GetValue<int>());

        var third = await visitor.GetAsync("/");
        third.Cache.ShouldBe("MISS");
        third.Body.ShouldNotBe(first.Body);
    }

    [Fact]
    public async Task The_facts_for_scripts_are_complete_private_and_true()
    {
        var up = running.Up;
        File.GetUnixFileMode(Path.Combine(up.DataFolder, "up.json")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        up.Facts.Api.ShouldBe($"http://localhost:{running.Ports.Api}");
        up.Facts.Hostname.ShouldBe("demo.cdn.localhost");
        up.Facts.Shields.Select(node => new Uri(node.Url).Port).ShouldBe([running.Ports.FirstEdge]);
        up.Facts.Pops.Select(node => new Uri(node.Url).Port).ShouldBe([running.Ports.FirstEdge + 1, running.Ports.FirstEdge + 2]);

        using var api = up.Api();
        var properties = await api.GetFromJsonAsync<JsonObject>("/api/property");
        properties!["data"]![0]!["id"]!.GetValue<long>().ShouldBe(up.Facts.PropertyId);
        using var nobody = new HttpClient { BaseAddress = new Uri(up.Facts.Api) };
        var login = await nobody.PostAsJsonAsync("/api/auth/login", new { email = up.Facts.AdminEmail, password = up.Facts.AdminPassword });
        login.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var origin = new HttpClient();
        (await origin.GetAsync(up.Facts.Origin)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_taken_data_folder_is_named_with_what_to_do()
    {
        var up = running.Up;
        var (code, _, errors) = await UpProcess.RunToEndAsync(up.DataFolder, UpPorts.Pick());
        code.ShouldBe(1);
        errors.ShouldContain(up.DataFolder);
        errors.ShouldContain("--data");
        UpFacts.Read(up.DataFolder).ShouldBeEquivalentTo(up.Facts);
    }

    [Fact]
    public async Task It_listens_on_loopback_only()
    {
        var up = running.Up;
        var listening = ListeningSockets.Of(up.ProcessId);
        listening.Count.ShouldBeGreaterThanOrEqualTo(6);
        listening.ShouldAllBe(address => IPAddress.IsLoopback(address));
    }

    public sealed class Running : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();

        internal UpPorts Ports { get; } = UpPorts.Pick();

        internal UpProcess Up { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Up = await UpProcess.StartAsync(_folder["data"], Ports);

        public async ValueTask DisposeAsync()
        {
            if (Up is not null)
                await Up.DisposeAsync();
            _folder.Dispose();
        }
    }
}

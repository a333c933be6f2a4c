using System.Net.Http.Json;
using Paradarum.Control.Catalogue;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Catalogue;

/// <summary>Contract part 3, properties and hostnames.</summary>
public sealed class A_property
{
    [Fact]
    public async Task Gets_other_origins_and_is_disabled_and_enabled_by_its_account()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        Task<ApiAnswer> PutAsync(object body) =>
            host.Client.CallAsync(HttpMethod.Put, $"/api/property/{property.Id}", JsonContent.Create(body));
        var origins = new[] { new { host = "https://new.example" } };

        var moved = await PutAsync(new { name = "shop", origins });
        (moved.Status, moved.Message).ShouldBe((200, "Property updated successfully."));
        moved.Data.GetProperty("origins")[0].GetProperty("host").GetString().ShouldBe("https://new.example:443");
        host.Catalogue.Current.Properties[property.Id].Configuration.Origins[0].Host.ShouldBe("new.example");

        (await PutAsync(new { status = 2, origins })).Data.GetProperty("status").GetInt32().ShouldBe(2);
        var closed = await PutAsync(new { origins });
        (closed.Status, closed.Message).ShouldBe(
            (403, "This property is currently disabled. Configuration changes are not allowed until it is re-enabled.")
        );
        (await PutAsync(new { status = 2, origins })).Status.ShouldBe(403, "nothing but what enables it");
        (await PutAsync(new { status = 0, origins })).Data.GetProperty("status").GetInt32().ShouldBe(0);

        ControlHost.Opened(
            await host.Changes.SetStateAsync(ControlHost.Somebody, property.Id, PropertyState.Suspended, CancellationToken.None)
        );
        (await PutAsync(new { status = 0, origins })).Status.ShouldBe(403);
        host.Catalogue.Current.Properties[property.Id].State.ShouldBe(PropertyState.Suspended);
    }

    [Theory]
    [InlineData("""{"origins":[]}""", "Origins must hold 1 to 32 origins.")]
    [InlineData("""{"status":0}""", "Origins must hold 1 to 32 origins.")]
    [InlineData("""{"status":3,"origins":[{"host":"o"}]}""", "Status must be 0 (Active) or 2 (Disabled).")]
    [InlineData("""{"name":"other","origins":[{"host":"o"}]}""", "The name of a property cannot be changed.")]
    public async Task Is_not_changed_by_what_makes_no_configuration(string body, string message)
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        var answer = await host.Client.CallAsync(HttpMethod.Put, $"/api/property/{property.Id}", content);
        (answer.Status, answer.Message).ShouldBe((400, message));
        host.Catalogue.Current.Properties[property.Id].ShouldBeSameAs(property);
    }

    [Fact]
    public async Task Is_created_with_its_system_hostname_active()
    {
        await using var host = await ControlHost.StartAsync();
        var made = await host.Client.PostAnswerAsync(
            "/api/property",
            new { name = "my-shop", origins = new[] { new { host = "https://origin.example" } } }
        );
        (made.Status, made.Message).ShouldBe((201, "Property created successfully."));
        var id = made.Data.GetProperty("id").GetInt64();
        made.Data.GetProperty("name").GetString().ShouldBe("my-shop");
        made.Data.GetProperty("status").GetInt32().ShouldBe(0);
        made.Response.Headers.Location!.ToString().ShouldBe($"/api/property/{id}");

        var hostnames = await host.Client.GetAnswerAsync($"/api/property/{id}/hostname");
        hostnames.Data[0].GetProperty("name").GetString().ShouldBe("my-shop.cdn.localhost");
        hostnames.Data[0].GetProperty("status").GetInt32().ShouldBe(0);
        var read = await host.Client.GetAnswerAsync($"/api/property/{id}");
        read.Data.GetProperty("origins")[0].GetProperty("host").GetString().ShouldBe("https://origin.example:443");
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("-ab")]
    [InlineData("ab-")]
    [InlineData("Shop")]
    [InlineData("a_b")]
    [InlineData("a.b")]
    [InlineData("äöü")]
    [InlineData("abc\n")]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task Has_a_name_that_a_hostname_can_be_made_of(string? name)
    {
        await using var host = await ControlHost.StartAsync();
        var answer = await host.Client.PostAnswerAsync("/api/property", new { name, origins = new[] { new { host = "o" } } });
        answer.Status.ShouldBe(400);
        answer.Message.ShouldStartWith("Name must be 3 to 63 characters");
        host.Feed.Head.Position.ShouldBe(0ul);
    }

    [Fact]
    public async Task Needs_an_origin()
    {
        await using var host = await ControlHost.StartAsync();
        foreach (var origins in new object?[] { null, Array.Empty<object>(), Enumerable.Repeat(new { host = "o" }, 33) })
            (await host.Client.PostAnswerAsync("/api/property", new { name = "shop", origins })).Message.ShouldBe(
                "Origins must hold 1 to 32 origins."
            );
        (await host.Client.PostAnswerAsync("/api/property", new { name = "shop", origins = new object?[] { null } })).Message.ShouldBe(
            "An origin must be a JSON object."
        );
        (await host.Client.PostAnswerAsync("/api/property", new { name = "shop", origins = "o" })).Message.ShouldBe(
            "Origins must be an array."
        );
    }

    [Fact]
    public async Task Is_deleted_with_its_hostnames_which_are_free_again()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        var deleted = await host.Client.DeleteAnswerAsync($"/api/property/{property.Id}");
        (deleted.Status, deleted.Message).ShouldBe((200, "Property deleted successfully."));
        (await host.Client.GetAnswerAsync($"/api/property/{property.Id}")).Status.ShouldBe(404);
        await host.AddPropertyAsync("shop");
    }

    [Fact]
    public async Task Loses_a_hostname_by_its_id()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        var path = $"/api/property/{property.Id}/hostname/{property.Hostnames[0].Id}";
        (await host.Client.DeleteAnswerAsync(path)).Status.ShouldBe(200);
        var again = await host.Client.DeleteAnswerAsync(path);
        (again.Status, again.Message).ShouldBe((404, "Hostname not found."));
        host.Catalogue.Current.Properties[property.Id].ActiveHostnames.ShouldBe(0);
    }
}

public sealed class An_origin
{
    [Theory]
    [InlineData("origin.example", "http://origin.example:80")]
    [InlineData("Origin.Example.", "http://origin.example:80")]
    [InlineData("origin.example:8080", "http://origin.example:8080")]
    [InlineData("origin.example:443", "https://origin.example:443")]
    [InlineData("http://origin.example", "http://origin.example:80")]
    [InlineData("http://origin.example:443", "http://origin.example:443")]
    [InlineData("HTTPS://origin.example/", "https://origin.example:443")]
    [InlineData("https://origin.example:8443", "https://origin.example:8443")]
    [InlineData("192.0.2.7", "http://192.0.2.7:80")]
    [InlineData("[2001:DB8::1]", "http://[2001:db8::1]:80")]
    [InlineData("[::1]:8080", "http://[::1]:8080")]
    [InlineData("https://[::1]", "https://[::1]:443")]
    public void Is_read_in_every_published_form(string text, string expected)
    {
        var origin = ControlHost.Opened(PropertyOrigin.Parse(text, null, sslVerify: true));
        $"{origin.Scheme}://{origin.Host}:{origin.Port}".ShouldBe(expected);
        origin.HostHeader.ShouldBe("");
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData(null)]
    [InlineData("ftp://origin.example")]
    [InlineData("://origin.example")]
    [InlineData("http://")]
    [InlineData("http://origin.example/path")]
    [InlineData("http://user@origin.example")]
    [InlineData("origin.example:0")]
    [InlineData("origin.example:65536")]
    [InlineData("origin.example:+80")]
    [InlineData("origin.example:")]
    [InlineData("::1")]
    [InlineData("[::1")]
    [InlineData("[192.0.2.7]")]
    [InlineData("or igin")]
    [InlineData("origin\r\nX: y")]
    public void Of_another_form_is_refused(string? text) =>
        PropertyOrigin.Parse(text, null, sslVerify: true).Ok(out _, out _).ShouldBeFalse();

    [Theory]
    [InlineData("Shop.Example", "shop.example")]
    [InlineData("shop.example:8080", "shop.example:8080")]
    public void May_be_asked_by_another_name(string header, string expected) =>
        ControlHost.Opened(PropertyOrigin.Parse("o", header, sslVerify: true)).HostHeader.ShouldBe(expected);

    [Theory]
    [InlineData("a b")]
    [InlineData("a\r\nb")]
    [InlineData("http://a")]
    public void Is_never_asked_by_a_name_that_is_none(string header) =>
        PropertyOrigin.Parse("o", header, sslVerify: true).Ok(out _, out _).ShouldBeFalse();
}

public sealed class A_preset
{
    [Fact]
    public void Of_WordPress_is_the_contracts() =>
        Written(RulePresets.Named("wordpress")!.Value)
            .ShouldBe([
                @"Regex \.(jpg|jpeg|png|gif|ico|svg|css|js|woff|woff2|ttf|eot)$ 2592000",
                "StartsWith /wp-admin/ 0",
                "StartsWith /wp-login.php 0",
                "StartsWith /wp-json/ 10",
                "StartsWith / 1800",
            ]);

    [Fact]
    public void Of_PrestaShop_is_the_contracts() =>
        Written(RulePresets.Named("PrestaShop")!.Value)
            .ShouldBe([
                @"Regex \.(jpg|jpeg|png|gif|ico|css|js|woff2)$ 2592000",
                "StartsWith /admin 0",
                "StartsWith /cart 0",
                "StartsWith /order 0",
                "StartsWith / 300",
            ]);

    [Fact]
    public async Task Keeps_the_order_and_the_cookies_of_its_rules_over_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("paradarum-preset-").FullName;
        await using (var host = await ControlHost.StartAsync(folder))
        {
            var property = await host.AddPropertyAsync("shop");
            ControlHost.Opened(
                await host.Changes.SetRulesAsync(ControlHost.Somebody, property.Id, RulePresets.WordPress, CancellationToken.None)
            );
        }

        await using (var host = await ControlHost.StartAsync(folder))
        {
            var rules = host.Catalogue.Current.Properties.Values.Single().Configuration.CacheRules;
            rules.Select(rule => rule.Pattern).ShouldBe(RulePresets.WordPress.Select(rule => rule.Pattern));
            rules.ShouldAllBe(rule => rule.BypassCookies.SequenceEqual(RulePresets.WordPressCookies));
        }

        Directory.Delete(folder, recursive: true);
    }

    private static IEnumerable<string> Written(IEnumerable<RuleOrder> rules) =>
        rules.Select(rule => $"{rule.Match} {rule.Pattern} {rule.TtlSeconds}");
}

public sealed class A_start_of_up
{
    [Fact]
    public async Task Keeps_the_property_and_moves_its_origin()
    {
        await using var host = await ControlHost.StartAsync();
        var first = host.Plane.Services.GetService(typeof(FirstProperty)).ShouldBeOfType<FirstProperty>();
        var order = new PropertyOrder("demo", [new Origin("http", "127.0.0.1", 1000, "", true)]) { Rules = RulePresets.CatchAll };
        var made = await first.EnsureAsync(host.Operator.AccountId, order, replaceRules: false, CancellationToken.None);
        var head = host.Feed.Head.Position;
        (await first.EnsureAsync(host.Operator.AccountId, order, replaceRules: true, CancellationToken.None)).ShouldBeSameAs(made);
        host.Feed.Head.Position.ShouldBe(head);

        var moved = order with { Origins = [new Origin("http", "127.0.0.1", 2000, "", true)], Rules = RulePresets.WordPress };
        var kept = await first.EnsureAsync(host.Operator.AccountId, moved, replaceRules: false, CancellationToken.None);
        (kept.Id, kept.Configuration.Origins[0].Port, kept.Configuration.CacheRules.Length).ShouldBe((made.Id, 2000, 1));
        var preset = await first.EnsureAsync(host.Operator.AccountId, moved, replaceRules: true, CancellationToken.None);
        preset.Configuration.CacheRules.Length.ShouldBe(5);
    }
}

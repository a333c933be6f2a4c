using System.Net.Http.Json;
using System.Text.Json;
using Paradarum.Control.Catalogue;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Catalogue;

/// <summary>Contract part 3, <c>/rules/cache</c>.</summary>
public sealed class Cache_rules
{
    [Fact]
    public async Task Are_added_before_the_rule_for_everything_else_and_listed_in_their_order()
    {
        await using var host = await ControlHost.StartAsync();
        var path = await PathAsync(host);
        var made = await host.Client.PostAnswerAsync(path, new { name = "Images", pattern = "/images/" });
        (made.Status, made.Message).ShouldBe((201, "Cache rule created successfully."));
        (made.Data.GetProperty("matchType").GetInt32(), made.Data.GetProperty("ttlSeconds").GetInt64()).ShouldBe((0, 300));
        (made.Data.GetProperty("isEnabled").GetBoolean(), made.Data.GetProperty("featuresJson").GetString()).ShouldBe((true, "{}"));
        await host.Client.PostAnswerAsync(
            path,
            new
            {
                name = "First",
                pattern = "/a",
                order = 0,
            }
        );
        await host.Client.PostAnswerAsync(path, new { name = "Next", pattern = "/b" });

        var listed = await host.Client.GetAnswerAsync(path + "?pageSize=3");
        listed.Message.ShouldBe("Cache rules retrieved successfully.");
        listed.Whole.GetProperty("totalRecords").GetInt32().ShouldBe(4);
        Names(listed.Data).ShouldBe(["Images", "First", "Next"]);
        Names((await host.Client.GetAnswerAsync(path + "?pageSize=3&pageNumber=2")).Data).ShouldBe(["Everything"]);
    }

    [Fact]
    public async Task Are_replaced_whole_and_deleted_by_their_id()
    {
        await using var host = await ControlHost.StartAsync();
        var path = await PathAsync(host);
        var id = (
            await host.Client.PostAnswerAsync(
                path,
                new
                {
                    name = "A",
                    pattern = "/a",
                    ttlSeconds = 9,
                    order = 7,
                    description = "d",
                }
            )
        ).Data.GetProperty("id").GetInt64();
        var put = await PutAsync(
            host,
            $"{path}/{id}",
            new
            {
                name = "B",
                pattern = "^/b$",
                matchType = 4,
                isEnabled = false,
            }
        );
        (put.Status, put.Message).ShouldBe((200, "Cache rule updated successfully."));
        put.Data.GetProperty("ttlSeconds").GetInt64().ShouldBe(300);
        (put.Data.GetProperty("description").GetString(), put.Data.GetProperty("order").GetInt32()).ShouldBe(("", 7));
        Nodes(host).Select(rule => rule.Pattern).ShouldBe(["/"], "a rule that is not enabled is no matter of the nodes");

        (await host.Client.DeleteAnswerAsync($"{path}/{id}")).Message.ShouldBe("Cache rule deleted successfully.");
        var again = await host.Client.DeleteAnswerAsync($"{path}/{id}");
        (again.Status, again.Message).ShouldBe((404, "Cache rule not found."));
        (await PutAsync(host, $"{path}/{id}", new { name = "B", pattern = "b" })).Status.ShouldBe(404);
        (await PutAsync(host, $"{path}/x", new { })).Message.ShouldBe("Cache rule not found.", "before the body");
    }

    [Theory]
    [InlineData("""{ "pattern": "/" }""", "Name is required.")]
    [InlineData("""{ "name": " ", "pattern": "/" }""", "Name is required.")]
    [InlineData("""{ "name": 1, "pattern": "/" }""", "Name must be a string.")]
    [InlineData("""{ "name": "a" }""", "Pattern is required.")]
    [InlineData(
        """{ "name": "a", "pattern": "/", "matchType": 5 }""",
        "MatchType must be 0 (Equals), 1 (Contains), 2 (StartsWith), 3 (EndsWith) or 4 (Regex)."
    )]
    [InlineData(
        """{ "name": "a", "pattern": "/", "matchType": "Regex" }""",
        "MatchType must be 0 (Equals), 1 (Contains), 2 (StartsWith), 3 (EndsWith) or 4 (Regex)."
    )]
    [InlineData("""{ "name": "a", "pattern": "/", "ttlSeconds": -1 }""", "TtlSeconds must be 0 to 2147483647.")]
    [InlineData("""{ "name": "a", "pattern": "/", "ttlSeconds": 1.5 }""", "TtlSeconds must be a whole number.")]
    [InlineData("""{ "name": "a", "pattern": "/", "order": 1000001 }""", "Order must be 0 to 1000000.")]
    [InlineData("""{ "name": "a", "pattern": "/", "isEnabled": 1 }""", "IsEnabled must be true or false.")]
    [InlineData("""{ "name": "a", "pattern": "/", "featuresJson": "[" }""", "FeaturesJson must hold a JSON object.")]
    [InlineData("""{ "name": "a", "pattern": "/", "featuresJson": 5 }""", "FeaturesJson must hold a JSON object.")]
    [InlineData("""{ "name": "a", "pattern": "/", "featuresJson": { "cache_key": 1 } }""", "Cache_key must be an object.")]
    [InlineData(
        """{ "name": "a", "pattern": "/", "featuresJson": { "bypass_cookies": ["a b"] } }""",
        "Bypass_cookies must hold at most 50 names of 1 to 100 letters, digits and the other characters of header and cookie names."
    )]
    [InlineData(
        """{ "name": "a", "pattern": "/", "featuresJson": { "cache_key": { "include_headers": ["X-Forwarded-For"] } } }""",
        "Include_headers must not name 'X-Forwarded-For': it is keyed already, belongs to one visitor or connection, or is set by the node."
    )]
    public async Task Are_refused_where_a_node_could_not_use_them(string body, string message)
    {
        await using var host = await ControlHost.StartAsync();
        var path = await PathAsync(host);
        var head = host.Feed.Head.Position;
        var answer = await host.Client.PostAnswerAsync(path, JsonSerializer.Deserialize<JsonElement>(body));
        (answer.Status, answer.Message).ShouldBe((400, message));
        host.Feed.Head.Position.ShouldBe(head);
    }

    [Fact]
    public async Task Are_bounded_in_size_and_number_and_have_names_of_their_own()
    {
        await using var host = await ControlHost.StartAsync();
        var path = await PathAsync(host);
        async Task<string> Refused(object rule) => (await host.Client.PostAnswerAsync(path, rule)).Message;
        (await Refused(new { name = new string('n', 201), pattern = "/" })).ShouldBe("Name must be at most 200 characters.");
        (await Refused(new { name = "a", pattern = new string('/', 501) })).ShouldBe("Pattern must be at most 500 characters.");
        (
            await Refused(
                new
                {
                    name = "a",
                    pattern = "/(",
                    matchType = 4,
                }
            )
        ).ShouldStartWith("Pattern is not a valid regular expression: ");
        var taken = await host.Client.PostAnswerAsync(path, new { name = "Everything", pattern = "/" });
        (taken.Status, taken.Message).ShouldBe((409, "A cache rule named 'Everything' already exists."));
        for (var rule = 1; rule < Property.MostRules; rule++)
            (await host.Client.PostAnswerAsync(path, new { name = $"{rule}", pattern = "/" })).Status.ShouldBe(201);
        (await Refused(new { name = "one more", pattern = "/" })).ShouldBe("A property holds at most 100 cache rules.");
    }

    [Fact]
    public async Task Pass_the_guards_in_the_contracts_order()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        var path = $"/api/property/{property.Id}/rules/cache";
        using var nobody = host.NewClient(apiKey: null);
        (await nobody.PostAnswerAsync(path, new { })).Status.ShouldBe(401);
        var stranger = await host.AddAccountAsync("other");
        (await stranger.Client.PostAnswerAsync(path, new { })).Message.ShouldBe("Property not found.");
        (await stranger.Client.GetAnswerAsync(path)).Message.ShouldBe("Property not found.");
        ControlHost.Opened(
            await host.Changes.SetStateAsync(ControlHost.Somebody, property.Id, PropertyState.Disabled, CancellationToken.None)
        );
        (await host.Client.PostAnswerAsync(path, new { })).Status.ShouldBe(403);
        (await host.Client.GetAnswerAsync(path)).Status.ShouldBe(200);
        ControlHost.Opened(
            await host.Changes.SetStateAsync(ControlHost.Somebody, property.Id, PropertyState.Active, CancellationToken.None)
        );
        (await ApiAnswer.ReadAsync(await host.Client.PostAsync(path, new StringContent("{}")))).Status.ShouldBe(415);
        (await host.Client.PostAnswerAsync(path, Array.Empty<int>())).Message.ShouldBe("Request body must be a JSON object.");
    }

    [Theory]
    [InlineData("""{ "bypass_cookies": ["session_"] }""", false)]
    [InlineData("""{ "cache_key": { "include_query_string": false } }""", true)]
    [InlineData("""{ "cache_key": { "include_headers": ["X-Country"] } }""", true)]
    [InlineData("""{ "cache_key": { "include_cookies": ["currency"] } }""", true)]
    public async Task Purge_the_property_exactly_when_they_change_what_a_key_means(string features, bool purges)
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        var path = $"/api/property/{property.Id}/rules/cache";
        var head = host.Feed.Head.Position;
        // As a text, as the field's name says, and read back as one.
        var made = await host.Client.PostAnswerAsync(
            path,
            new
            {
                name = "a",
                pattern = "/a",
                featuresJson = features,
            }
        );
        made.Status.ShouldBe(201);
        JsonSerializer
            .Deserialize<JsonElement>(made.Data.GetProperty("featuresJson").GetString()!)
            .GetRawText()
            .ToLowerInvariant()
            .ShouldBe(
                JsonSerializer.Deserialize<JsonElement>(features).GetRawText().Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant()
            );
        host.Feed.Head.Position.ShouldBe(head + (purges ? 2u : 1u));
        // Its TTL means nothing to the key.
        var id = made.Data.GetProperty("id").GetInt64();
        await PutAsync(
            host,
            $"{path}/{id}",
            new
            {
                name = "a",
                pattern = "/a",
                ttlSeconds = 5,
                featuresJson = features,
            }
        );
        host.Feed.Head.Position.ShouldBe(head + (purges ? 3u : 2u));
        var history = await host.Client.GetAnswerAsync($"/api/property/{property.Id}/purge");
        history.Data.GetArrayLength().ShouldBe(purges ? 1 : 0);
    }

    [Fact]
    public async Task Come_from_a_preset_which_does_not_take_the_place_of_ones_own_unasked()
    {
        await using var host = await ControlHost.StartAsync();
        var path = await PathAsync(host);
        var applied = await host.Client.PostAnswerAsync(path + "/preset", new { preset = "WordPress" });
        (applied.Status, applied.Message).ShouldBe((200, "Preset applied successfully."));
        Names(applied.Data).ShouldBe(["Static files", "Administration", "Sign-in", "REST API", "Pages"]);
        Nodes(host).ShouldAllBe(rule => rule.BypassCookies.Contains("wordpress_logged_in_"));
        (await host.Client.PostAnswerAsync(path + "/preset", new { preset = "prestashop" })).Status.ShouldBe(200);

        // One that is added stands before the preset's rule for everything else.
        await host.Client.PostAnswerAsync(path, new { name = "Mine", pattern = "/mine" });
        Names((await host.Client.GetAnswerAsync(path)).Data)[^2..].ShouldBe(["Mine", "Pages"]);
        var refused = await host.Client.PostAnswerAsync(path + "/preset", new { preset = "wordpress" });
        refused.Status.ShouldBe(409);
        (await host.Client.PostAnswerAsync(path + "/preset", new { preset = "wordpress", replace = true })).Status.ShouldBe(200);
        (await host.Client.PostAnswerAsync(path + "/preset", new { preset = "joomla" })).Message.ShouldBe(
            "Preset 'joomla' is not supported. Use wordpress or prestashop."
        );
        (await host.Client.PostAnswerAsync(path + "/preset", new { })).Message.ShouldBe("Preset is required. Use wordpress or prestashop.");

        var born = await host.Client.PostAnswerAsync(
            "/api/property",
            new
            {
                name = "blog",
                preset = "wordpress",
                origins = new[] { new { host = "o" } },
            }
        );
        host.Catalogue.Current.Properties[born.Data.GetProperty("id").GetInt64()].Rules.Length.ShouldBe(5);
    }

    private static async Task<string> PathAsync(ControlHost host)
    {
        var made = await host.Client.PostAnswerAsync("/api/property", new { name = "shop", origins = new[] { new { host = "o" } } });
        return $"/api/property/{made.Data.GetProperty("id").GetInt64()}/rules/cache";
    }

    private static async Task<ApiAnswer> PutAsync(ControlHost host, string path, object body) =>
        await ApiAnswer.ReadAsync(await host.Client.PutAsJsonAsync(path, body));

    private static System.Collections.Immutable.ImmutableArray<CacheRule> Nodes(ControlHost host) =>
        host.Catalogue.Current.Properties.Values.First(property => property.Configuration.Name == "shop").Configuration.CacheRules;

    private static string[] Names(JsonElement rules) => [.. rules.EnumerateArray().Select(rule => rule.GetProperty("name").GetString()!)];
}

/// <summary>Contract part 3, <c>/general-settings</c>.</summary>
public sealed class General_settings
{
    private const string Everything = """
        {
          "browser_caching": { "mode": "override", "ttl": 600 },
          "query_string": { "mode": "only", "values": ["utm_source"] },
          "origin_shield": { "enabled": false, "shield_id": null },
          "always_online": { "enabled": true, "codes": ["error", "timeout", "503"] },
          "https": { "redirect": true, "hsts": 3600 }
        }
        """;

    [Fact]
    public async Task Are_one_object_that_a_put_replaces_whole()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        var path = $"/api/property/{property.Id}/general-settings";
        var fresh = await host.Client.GetAnswerAsync(path);
        (fresh.Status, fresh.Message).ShouldBe((200, "General settings retrieved successfully."));
        fresh
            .Data.GetRawText()
            .ShouldBe(
                """{"browser_caching":{"mode":"origin","ttl":0},"query_string":{"mode":"none","values":[]},"origin_shield":{"enabled":true,"shield_id":null},"always_online":{"enabled":false,"codes":["error","updating","timeout","invalid_header","500","502","503","504"]},"https":{"redirect":false,"hsts":0}}"""
            );

        var put = await PutAsync(host, path, Everything);
        (put.Status, put.Message).ShouldBe((200, "General settings updated successfully."));
        Same((await host.Client.GetAnswerAsync(path)).Data, Everything);
        var known = host.Catalogue.Current.Properties[property.Id].Configuration;
        (known.BrowserTtlSeconds, known.AlwaysOnline, known.ShieldEnabled).ShouldBe(
            (600, StaleConditions.Error | StaleConditions.Timeout | StaleConditions.Status503, false)
        );
        known.Https.ShouldBe(new HttpsChoice(Redirect: true, HstsSeconds: 3600));

        await PutAsync(host, path, "{}");
        (await host.Client.GetAnswerAsync(path)).Data.GetRawText().ShouldBe(fresh.Data.GetRawText());
        await PutAsync(host, path, """{ "always_online": { "enabled": true, "codes": [503, "429"] } }""");
        host.Catalogue.Current.Properties[property.Id]
            .Configuration.AlwaysOnline.ShouldBe(StaleConditions.Status503 | StaleConditions.Status429);
    }

    [Theory]
    [InlineData("""{ "browser_caching": { "mode": "x" } }""", "Browser_caching.mode must be origin or override.")]
    [InlineData("""{ "browser_caching": { "mode": "override" } }""", "Browser_caching.ttl is required when mode is override.")]
    [InlineData("""{ "browser_caching": { "ttl": -1 } }""", "Browser_caching.ttl must be 0 to 2147483647 seconds.")]
    [InlineData("""{ "browser_caching": [] }""", "Browser_caching must be an object.")]
    [InlineData("""{ "query_string": { "mode": "all" } }""", "Query_string.mode must be none, ignore_all, except or only.")]
    [InlineData(
        """{ "query_string": { "mode": "only", "values": ["a=b"] } }""",
        "Query_string.values must hold at most 100 parameter names of 1 to 200 characters, none of & = #."
    )]
    [InlineData(
        """{ "origin_shield": { "shield_id": "nowhere" } }""",
        "Origin_shield.shield_id 'nowhere' is not a shield of this installation."
    )]
    [InlineData(
        """{ "always_online": { "enabled": true, "codes": ["418"] } }""",
        "Always_online.codes does not know '418'. Use error, updating, timeout, invalid_header, 500, 502, 503, 504, 403, 404, 429."
    )]
    [InlineData(
        """{ "always_online": { "enabled": true, "codes": [] } }""",
        "Always_online.codes must name at least one code when it is enabled."
    )]
    [InlineData("""{ "always_online": { "enabled": "yes" } }""", "Enabled must be true or false.")]
    [InlineData("""{ "https": { "redirect": 1 } }""", "Redirect must be true or false.")]
    [InlineData("""{ "https": { "hsts": 63072001 } }""", "Https.hsts must be 0 to 63072000 seconds.")]
    public async Task Are_refused_where_they_mean_nothing(string body, string message)
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        var head = host.Feed.Head.Position;
        var answer = await PutAsync(host, $"/api/property/{property.Id}/general-settings", body);
        (answer.Status, answer.Message).ShouldBe((400, message));
        host.Feed.Head.Position.ShouldBe(head);
    }

    [Fact]
    public async Task That_let_a_selected_shield_go_purge_it_and_it_alone()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        var path = $"/api/property/{property.Id}/general-settings";
        var shield = (await host.Client.PostAnswerAsync("/api/shield", new { name = "s1" })).Data.GetProperty("id").GetString();
        var chosen = await PutAsync(
            host,
            path,
            JsonSerializer.Serialize(new { origin_shield = new { enabled = true, shield_id = shield } })
        );
        chosen.Data.GetProperty("origin_shield").GetProperty("shield_id").GetString().ShouldBe(shield);
        var head = host.Feed.Head.Position;
        await PutAsync(host, path, """{ "origin_shield": { "enabled": false } }""");
        host.Feed.Head.Position.ShouldBe(head + 2);
        var purges = (await host.Client.GetAnswerAsync($"/api/property/{property.Id}/purge")).Data;
        purges.GetArrayLength().ShouldBe(1);
        (purges[0].GetProperty("askedBy").GetString(), purges[0].GetProperty("jobCount").GetInt32()).ShouldBe(("system", 2));
    }

    [Fact]
    public async Task Survive_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("paradarum-settings-").FullName;
        string path;
        await using (var host = await ControlHost.StartAsync(folder))
        {
            path = $"/api/property/{(await host.AddPropertyAsync("shop")).Id}/general-settings";
            await PutAsync(host, path, Everything);
        }
        await using (var host = await ControlHost.StartAsync(folder))
            Same((await host.Client.GetAnswerAsync(path)).Data, Everything);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<ApiAnswer> PutAsync(ControlHost host, string path, string body) =>
        await ApiAnswer.ReadAsync(await host.Client.PutAsync(path, new StringContent(body, System.Text.Encoding.UTF8, "application/json")));

    private static void Same(JsonElement data, string expected) =>
        JsonElement.DeepEquals(data, JsonSerializer.Deserialize<JsonElement>(expected)).ShouldBeTrue(data.GetRawText());
}

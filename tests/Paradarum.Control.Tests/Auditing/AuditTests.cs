using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.Audit;
using Paradarum.Control.Catalogue;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Tests.Fleet;
using Paradarum.Control.Tests.Purging;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Auditing;

/// <summary>docs/decisions/audit.md.</summary>
public sealed class The_audit_trail
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory]
    [InlineData("POST", "property", """{"name":"other","origins":[{"host":"o.example"}]}""", "property", "created", "other")]
    [InlineData("DELETE", "property/1", null, "property", "deleted", "demo")]
    [InlineData("DELETE", "property/1/hostname/1", null, "hostname", "deleted", "demo.cdn.localhost")]
    [InlineData("POST", "property/1/rules/cache", """{"name":"Images","pattern":"/i"}""", "cache-rule", "created", "Images")]
    [InlineData(
        "POST",
        "property/1/rules/cache/preset",
        """{"preset":"wordpress"}""",
        "cache-rule",
        "created",
        "Static files, Administration, Sign-in, REST API, Pages"
    )]
    [InlineData("PUT", "property/1/general-settings", """{"query_string":{"mode":"ignore_all"}}""", "settings", "changed", "demo")]
    [InlineData(
        "POST",
        "property/1/webhooks",
        """{"url":"https://hooks.example/T0/secret"}""",
        "webhook",
        "created",
        "https://hooks.example"
    )]
    [InlineData("POST", "account/apikeys", """{"name":"ci"}""", "key", "created", "ci")]
    [InlineData("POST", "auth/rotate", "{}", "sign-in-key", "replaced", "")]
    [InlineData("POST", "auth/rotate?endSessions=true", "{}", "sign-in-key", "replaced-and-sessions-ended", "")]
    [InlineData("POST", "node", """{"name":"pop-1"}""", "node", "created", "pop-1")]
    [InlineData("POST", "shield", """{"name":"shield-1"}""", "node", "created", "shield-1")]
    [InlineData("PUT", "property/1/suspension", """{"suspended":true}""", "property", "changed", "demo")]
    [InlineData("POST", "account/1/users", """{"email":"jo@example.com"}""", "user", "created", "jo@example.com")]
    [InlineData("POST", "property/1/purge", """{"type":"Path","value":"/a"}""", "purge", "accepted", "")]
    [InlineData("POST", "property/1/purge/batch", """{"items":[{"type":"All"}]}""", "purge", "accepted", "")]
    public async Task Has_one_entry_for_a_change_in_its_transaction_with_who_what_when_and_from_where(
        string method,
        string path,
        string? body,
        string type,
        string action,
        string subject
    )
    {
        await using var host = await PurgeHost.StartAsync();
        var before = await NewestAsync(host.Control);
        var content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        // The power holds for one transaction: what a second one would have brought is lost.
        var commits = 0;
        host.Flush = commit =>
        {
            if (Interlocked.Increment(ref commits) > 1)
                throw new IOException("power cut");
            commit();
        };
        var answer = await host.Control.Client.CallAsync(new HttpMethod(method), $"/api/{path}", content);
        host.Flush = commit => commit();
        answer.Succeeded.ShouldBeTrue(answer.Message);

        var entry = (await ReadAsync(host.Control, $"after={before}")).Single(entry => entry.GetProperty("actor").GetString() != "system");
        (Text(entry, "type"), Text(entry, "action"), Text(entry, "subject")).ShouldBe((type, action, subject));
        Text(entry, "actor").ShouldBe(host.Control.Operator.ApiKey[..8]);
        Text(entry, "at").ShouldBe(host.Time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        Text(entry, "address").ShouldBeOneOf("127.0.0.1", "::1");
        Text(entry, "requestId").ShouldBe(answer.Response.Headers.GetValues("X-Request-Id").Single());
        Text(entry, "requestId").ShouldNotBeEmpty();
        if (path.StartsWith("property/1", StringComparison.Ordinal))
            entry.GetProperty("propertyId").GetInt64().ShouldBe(host.Property.Id);
    }

    [Fact]
    public async Task Says_what_differs_before_and_after()
    {
        await using var host = await PurgeHost.StartAsync();
        var path = $"/api/property/{host.Property.Id}/rules/cache";
        var rule = await host.Control.Client.PostAnswerAsync(
            path,
            new
            {
                name = "Images",
                pattern = "/i",
                ttlSeconds = 60,
            }
        );
        await host.Control.Client.PostAnswerAsync(path, new { name = "Pages", pattern = "/p" });
        await host.Control.Client.CallAsync(
            HttpMethod.Put,
            $"{path}/{rule.Data.GetProperty("id")}",
            JsonContent.Create(
                new
                {
                    name = "Images",
                    pattern = "/i",
                    ttlSeconds = 90,
                }
            )
        );

        var entry = (await ReadAsync(host.Control, "type=cache-rule"))[0];
        (Text(entry, "action"), Text(entry, "subject")).ShouldBe(("changed", "Images"));
        var (before, after) = (entry.GetProperty("before"), entry.GetProperty("after"));
        before.EnumerateObject().Select(member => member.Name).ShouldBe(["cacheRules"]);
        after.EnumerateObject().Select(member => member.Name).ShouldBe(["cacheRules"]);
        before.GetProperty("cacheRules").EnumerateArray().Single().GetProperty("ttlSeconds").GetInt64().ShouldBe(60);
        after.GetProperty("cacheRules").EnumerateArray().Single().GetProperty("ttlSeconds").GetInt64().ShouldBe(90);
    }

    [Fact]
    public async Task Tells_of_certificates_apart_from_their_hostnames()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("demo");
        using var authority = new TestAuthority();
        var path = $"/api/property/{property.Id}/hostname/{property.Hostnames[0].Id}/certificate";
        await host.Client.PostAnswerAsync(path, authority.Issue(new Wanted("demo.cdn.localhost")).Body);
        await host.Client.PostAnswerAsync(path, authority.Issue(new Wanted("demo.cdn.localhost")).Body);
        await host.Client.DeleteAnswerAsync(path);
        (await ReadAsync(host, "type=certificate"))
            .Select(entry => (Text(entry, "action"), Text(entry, "subject")))
            .ShouldBe([("deleted", "demo.cdn.localhost"), ("changed", "demo.cdn.localhost"), ("created", "demo.cdn.localhost")]);
    }

    [Fact]
    public async Task Has_no_entry_for_a_change_that_changes_nothing_or_is_refused()
    {
        await using var host = await PurgeHost.StartAsync();
        var newest = await NewestAsync(host.Control);
        var settings = $"/api/property/{host.Property.Id}/general-settings";
        (await host.Control.Client.CallAsync(HttpMethod.Put, settings, JsonContent.Create(new { }))).Status.ShouldBe(200);
        (
            await host.Control.Client.PostAnswerAsync("/api/property", new { name = "demo", origins = new[] { new { host = "o" } } })
        ).Status.ShouldBe(409);
        (await host.Control.Client.DeleteAnswerAsync("/api/account/apikeys/99")).Status.ShouldBe(404);
        (await NewestAsync(host.Control)).ShouldBe(newest);
    }

    [Fact]
    public async Task Is_on_disk_with_the_change_or_neither_is()
    {
        await using var host = await PurgeHost.StartAsync();
        var newest = await NewestAsync(host.Control);
        host.Flush = _ => throw new IOException("power cut");
        (await host.Control.Client.PostAnswerAsync("/api/account/apikeys", new { name = "lost" })).Status.ShouldBe(500);
        host.Flush = commit => commit();
        (await NewestAsync(host.Control)).ShouldBe(newest);
        (await host.Control.Client.GetAnswerAsync("/api/account/apikeys"))
            .Data.EnumerateArray()
            .Select(key => Text(key, "name"))
            .ShouldNotContain("lost");

        await using var again = await host.RestartAsync();
        (await NewestAsync(again.Control)).ShouldBe(newest);
        (await again.Control.Client.PostAnswerAsync("/api/account/apikeys", new { name = "kept" })).Status.ShouldBe(201);
        await using var third = await again.RestartAsync();
        Text((await ReadAsync(third.Control, "type=key"))[0], "subject").ShouldBe("kept");
    }

    [Fact]
    public async Task Tells_of_sign_ins_and_of_refused_ones_without_what_was_typed()
    {
        await using var host = await ControlHost.StartAsync();
        async Task SignInAsync(string email, string password) =>
            await host.Client.PostAnswerAsync("/api/auth/login", new { email, password });
        await SignInAsync(host.Operator.Email, host.Operator.Password);
        await SignInAsync(host.Operator.Email, "wrong-password");
        await SignInAsync("my-secret-in-the-wrong-field", "x");

        var entries = await ReadAsync(host, "type=sign-in");
        entries
            .Select(entry => (Text(entry, "action"), Text(entry, "actor"), Text(entry, "subject")))
            .ShouldBe([
                ("failed", "unknown", ""),
                ("failed", "unknown", host.Operator.Email),
                ("succeeded", host.Operator.Email, host.Operator.Email),
            ]);
        entries.ShouldAllBe(entry => Text(entry, "address").Length > 0);
    }

    [Fact]
    public async Task Holds_no_secret()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("demo");
        var secrets = new List<string> { host.Operator.ApiKey, host.Operator.Password, "whsec-of-mine", "wrong-password" };
        var client = host.Client;
        async Task<string> MadeAsync(string path, object body, string field) =>
            Text((await client.PostAnswerAsync(path, body)).Data, field);
        secrets.Add(await MadeAsync("/api/account/apikeys", new { name = "ci" }, "key"));
        var hooks = $"/api/property/{property.Id}/webhooks";
        secrets.Add(await MadeAsync(hooks, new { url = "https://hooks.example/a" }, "secret"));
        await client.PostAnswerAsync(
            hooks,
            new { url = "https://hooks.example/token-in-the-path?sig=in-the-query", secret = "whsec-of-mine" }
        );
        secrets.AddRange(["token-in-the-path", "in-the-query"]);
        secrets.Add(await MadeAsync("/api/node", new { name = "pop" }, "enrolmentToken"));
        using var authority = new TestAuthority();
        var certificate = authority.Issue(new Wanted("demo.cdn.localhost"));
        var hostname = $"/api/property/{property.Id}/hostname/{property.Hostnames[0].Id}/certificate";
        (await client.PostAnswerAsync(hostname, certificate.Body)).Status.ShouldBe(200);
        secrets.AddRange(certificate.PrivateKey.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith('-')));
        secrets.Add("ealedKey");
        using var port = new FleetPort(host);
        var identity = await port.EnrolAsync("pop2", NodeRole.Pop);
        secrets.Add(identity.Credential);
        secrets.Add(await MadeAsync("/api/auth/login", new { email = host.Operator.Email, password = host.Operator.Password }, "token"));
        await client.PostAnswerAsync("/api/auth/login", new { email = host.Operator.Email, password = "wrong-password" });

        var rows = host.Writer.Readers.Read(reader =>
        {
            using var command = reader.CreateCommand();
            command.CommandText = "SELECT * FROM audit";
            using var row = command.ExecuteReader();
            var all = new List<string>();
            while (row.Read())
                all.AddRange(
                    Enumerable
                        .Range(0, row.FieldCount)
                        .Select(column => Convert.ToString(row.GetValue(column), CultureInfo.InvariantCulture)!)
                );
            return string.Join('\n', all);
        });
        rows.ShouldContain("https://hooks.example");
        rows.ShouldContain("node pop2");
        rows.ShouldContain(certificate.Fingerprint);
        foreach (var secret in secrets)
            rows.ShouldNotContain(secret);
    }

    [Fact]
    public async Task Shows_an_account_its_own_and_the_operator_everything()
    {
        await using var host = await PurgeHost.StartAsync();
        var customer = await host.Control.AddAccountAsync("customer");
        var made = await customer.Client.PostAnswerAsync(
            "/api/property",
            new { name = "shop", origins = new[] { new { host = "o.example" } } }
        );
        var id = made.Data.GetProperty("id").GetInt64();
        await host.Purge("""{"type":"All"}""");
        await customer.Client.PostAnswerAsync($"/api/property/{id}/purge", new { type = "All" });
        ControlHost.Opened(
            await host.Control.Changes.SetStateAsync(
                ControlHost.Somebody with
                {
                    Source = new("192.0.2.1", "r"),
                },
                id,
                PropertyState.Suspended,
                None
            )
        );

        var seen = await ReadAsync(customer.Client, "");
        // The suspension's own purge included; of the operator no name and no address.
        seen.Select(entry => (Text(entry, "type"), Text(entry, "action"), Text(entry, "actor")))
            .ShouldBe([
                ("property", "changed", "operator"),
                ("purge", "accepted", "system"),
                ("purge", "accepted", customer.ApiKey[..8]),
                ("property", "created", customer.ApiKey[..8]),
                ("key", "created", "operator"),
            ]);
        Text(seen[0], "address").ShouldBe("");
        seen[0].GetProperty("after").GetProperty("status").GetString().ShouldBe("Suspended");
        (await ReadAsync(customer.Client, $"property={host.Property.Id}")).ShouldBeEmpty();

        var all = await ReadAsync(host.Control, "pageSize=100");
        all.Select(entry => Text(entry, "id")).ShouldBeUnique();
        (Text(all[0], "actor"), Text(all[0], "address")).ShouldBe(("test", "192.0.2.1"));
        all.Count(entry => Text(entry, "type") == "purge").ShouldBe(3);
    }

    [Theory]
    [InlineData("""{"name":"k","scope":"purge"}""")]
    [InlineData("""{"name":"k","propertyIds":[1]}""")]
    public async Task Is_not_shown_to_a_restricted_key(string body)
    {
        await using var host = await PurgeHost.StartAsync();
        var key = Text(
            (await host.Control.Client.PostAnswerAsync("/api/account/apikeys", JsonSerializer.Deserialize<JsonElement>(body))).Data,
            "key"
        );
        using var client = host.Control.NewClient(key);
        (await client.GetAnswerAsync("/api/audit")).Status.ShouldBe(403);
    }

    [Fact]
    public async Task Is_paged_newest_first_and_followed_oldest_first_with_purges_in_their_place()
    {
        await using var host = await PurgeHost.StartAsync();
        var start = await NewestAsync(host.Control);
        for (var i = 0; i < 6; i++)
        {
            host.Time.Advance(TimeSpan.FromMinutes(1));
            await host.Purge($$"""{"type":"Path","value":"/{{i}}"}""");
            await host.Control.Client.PostAnswerAsync("/api/node", new { name = $"pop-{i}" });
        }
        static string Short(JsonElement entry) =>
            Text(entry, "type") == "purge" ? Text(entry.GetProperty("after").GetProperty("items")[0], "value") : Text(entry, "subject");

        string[] newestFirst = ["pop-5", "/5", "pop-4", "/4", "pop-3", "/3", "pop-2", "/2", "pop-1", "/1", "pop-0", "/0"];
        (await ReadAsync(host.Control, "pageSize=5")).Select(Short).ShouldBe(newestFirst[..5]);
        (await ReadAsync(host.Control, "pageSize=5&pageNumber=2")).Select(Short).ShouldBe(newestFirst[5..10]);
        (await ReadAsync(host.Control, "pageSize=3&type=purge")).Select(Short).ShouldBe(["/5", "/4", "/3"]);
        (await ReadAsync(host.Control, $"actor={Uri.EscapeDataString(host.Control.Operator.ApiKey[..8])}&pageSize=100"))
            .Select(Short)
            .ShouldBe(newestFirst);
        (await ReadAsync(host.Control, "actor=nobody")).ShouldBeEmpty();
        var since = host.Time.GetUtcNow().AddMinutes(-1).ToString("o", CultureInfo.InvariantCulture);
        (await ReadAsync(host.Control, $"since={Uri.EscapeDataString(since)}")).Select(Short).ShouldBe(newestFirst[..4]);

        // Followed three at a time, nothing is missed and nothing comes twice.
        var followed = new List<string>();
        for (
            var after = start;
            await ReadAsync(host.Control, $"after={after}&pageSize=3") is { Count: > 0 } page;
            after = Text(page[^1], "id")
        )
            followed.AddRange(page.Select(Short));
        followed.ShouldBe(newestFirst.Reverse());
    }

    [Theory]
    [InlineData("type=nonsense", "Type 'nonsense' is not supported. Use property, ")]
    [InlineData("property=x", "Property must be the id of a property.")]
    [InlineData("since=yesterday", "Since must be a time such as 2026-01-31T12:00:00Z.")]
    [InlineData("after=17", "After must be the id of an entry.")]
    [InlineData("after=a-b", "After must be the id of an entry.")]
    public async Task Says_what_is_wrong_with_a_filter(string query, string message)
    {
        await using var host = await ControlHost.StartAsync();
        var answer = await host.Client.GetAnswerAsync($"/api/audit?{query}");
        answer.Status.ShouldBe(400);
        answer.Message.ShouldStartWith(message);
    }

    [Fact]
    public async Task Keeps_so_many_entries_of_an_account_and_lets_none_drive_out_anothers()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 4, 3, 2, 1, TimeSpan.Zero));
        await using var host = await ControlHost.StartAsync(surroundings: new ControlPlaneSurroundings { Time = time });
        var kept = await NewestAsync(host);
        var actor = new AuditActor(7, "noisy", RequestSource.None);
        await AppendAsync(AuditTrail.MostOfAccount + 5, refused: false);
        await AppendAsync(AuditTrail.MostRefused + 5, refused: true);
        (await CountAsync(0)).ShouldBe(AuditTrail.MostOfAccount);
        (await CountAsync(1)).ShouldBe(AuditTrail.MostRefused);
        (await ReadAsync(host, "pageSize=100&actor=system")).Select(entry => Text(entry, "id")).ShouldContain(kept);

        // What is over its time goes with the next entries, eight with each.
        time.Advance(AuditTrail.KeptFor + TimeSpan.FromDays(1));
        await AppendAsync(100, refused: true);
        (await CountAsync(1)).ShouldBe(AuditTrail.MostRefused + 100 - 800);

        // Nor do large ones: 32 MiB are 512 of the largest.
        await AppendAsync(600, refused: false, account: 8, new { text = new string('x', AuditJson.Longest - 100) });
        (await CountAsync(0, account: 8)).ShouldBe(512);

        Task<int> AppendAsync(int count, bool refused, long account = 7, object? after = null) =>
            host.Writer.WriteAsync(
                write =>
                {
                    for (var i = 0; i < count; i++)
                        AuditTrail.Append(
                            write,
                            actor,
                            new AuditChange(AuditTypes.Key, "created", account) { Refused = refused, After = after }
                        );
                    return count;
                },
                None
            );
        Task<long> CountAsync(int refused, long account = 7) =>
            host.Writer.WriteAsync(
                write =>
                    write.Query(
                        "SELECT count(*) FROM audit WHERE account_id = $1 AND refused = $2",
                        row => row.GetInt64(0),
                        account,
                        refused
                    )[0],
                None
            );
    }

    [Fact]
    public async Task Counts_a_purge_once_from_its_own_row()
    {
        await using var host = await PurgeHost.StartAsync();
        var rows = await RowsAsync();
        await host.Purge("""{"type":"All"}""");
        (await RowsAsync()).ShouldBe(rows);

        Task<long> RowsAsync() =>
            host.Control.Writer.WriteAsync(write => write.Query("SELECT count(*) FROM audit", row => row.GetInt64(0))[0], None);
    }

    private static Task<List<JsonElement>> ReadAsync(ControlHost host, string query) => ReadAsync(host.Client, query);

    private static async Task<List<JsonElement>> ReadAsync(HttpClient client, string query)
    {
        var answer = await client.GetAnswerAsync($"/api/audit?{query}");
        answer.Status.ShouldBe(200, answer.Message);
        return [.. answer.Data.EnumerateArray()];
    }

    private static async Task<string> NewestAsync(ControlHost host) => Text((await ReadAsync(host, "pageSize=1"))[0], "id");

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}

using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Paradarum.Control.Tests.Purging;
using Paradarum.Control.Webhooks;
using Paradarum.Protocol.Link;
using Paradarum.Testing;
using Paradarum.Testing.Postgres;

namespace Paradarum.Control.Tests.Webhooks;

/// <summary>Contract part 2, webhooks; docs/formats/webhooks.md. The receiver is a raw socket.</summary>
public sealed class A_webhook
{
    private static Task<PurgeHost> StartAsync(bool allowPrivate = true) =>
        PurgeHost.StartAsync(options => options with { Webhooks = new WebhookOptions { AllowPrivateAddresses = allowPrivate } });

    [Fact]
    public async Task Is_told_of_a_complete_purge_under_a_signature_that_its_secret_opens()
    {
        await using var receiver = new ScriptedOrigin();
        await using var host = await StartAsync();
        var made = await CreateAsync(host, Url(receiver));
        made.Status.ShouldBe(201);
        var secret = made.Data.GetProperty("secret").GetString()!;
        var purge = await host.Purge("""{"type":"Path","value":"/a"}""");

        var told = await FirstAsync(receiver);
        told.Method.ShouldBe("POST");
        told["Content-Type"].ShouldBe("application/json");
        var (id, timestamp) = (told["webhook-id"]!, told["webhook-timestamp"]!);
        timestamp.ShouldBe(host.Time.GetUtcNow().ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture));
        var mac = HMACSHA256.HashData(
            Convert.FromBase64String(secret["whsec_".Length..]),
            Encoding.UTF8.GetBytes($"{id}.{timestamp}.{told.Body}")
        );
        told["webhook-signature"].ShouldBe("v1," + Convert.ToBase64String(mac));

        var body = JsonSerializer.Deserialize<JsonElement>(told.Body);
        body.GetProperty("id").GetString().ShouldBe(id);
        body.GetProperty("event").GetString().ShouldBe("purge.complete");
        body.GetProperty("propertyId").GetInt64().ShouldBe(host.Property.Id);
        body.GetProperty("purgeId").GetString().ShouldBe(purge.Data.GetProperty("purgeId").GetString());
        body.GetProperty("jobCount").GetInt64().ShouldBe(12);
        body.GetProperty("askedBy").GetString().ShouldBe(host.Control.Operator.ApiKey[..8]);
        var receipt = await host.Control.Client.GetAnswerAsync(purge.Response.Headers.Location!.OriginalString);
        body.GetProperty("completedAt").GetString().ShouldBe(receipt.Data.GetProperty("completedAt").GetString());
        await Eventually.Async(async () => (await ListedAsync(host)).GetProperty("pending").GetInt64() == 0);
        (await ListedAsync(host)).GetProperty("lastResult").GetString().ShouldBe("answered 200");
    }

    [Fact]
    [Trait("Engine", "PostgreSQL")]
    public async Task Is_told_after_an_outage_of_the_database()
    {
        using var server = PostgresServer.Start();
        server.Execute("CREATE DATABASE outage");
        await using var receiver = new ScriptedOrigin();
        await using var host = await PurgeHost.StartAsync(options =>
            options with
            {
                Webhooks = new WebhookOptions { AllowPrivateAddresses = true },
                Log = options.Log with { Database = server.ConnectionString("outage") },
            }
        );
        await CreateAsync(host, Url(receiver));
        var flushed = 0;
        host.Flush = commit =>
        {
            commit();
            // The purge, then its completion. What comes next is the look for what is to be announced.
            if (Interlocked.Increment(ref flushed) != 2)
                return;
            server.Execute("ALTER DATABASE outage ALLOW_CONNECTIONS false");
            server.Execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = 'outage'");
        };
        await host.Purge("""{"type":"All"}""");
        var looks = 0;
        await Eventually.Async(
            () =>
            {
                host.Time.Advance(TimeSpan.FromSeconds(1));
                return flushed >= 2 && ++looks == 200;
            },
            "it has looked in vain"
        );

        server.Execute("ALTER DATABASE outage ALLOW_CONNECTIONS true");

        await Eventually.Async(
            () =>
            {
                host.Time.Advance(TimeSpan.FromSeconds(1));
                return receiver.Requests.Count > 0 || host.Control.Plane.IsOver;
            },
            "it is told"
        );
        host.Control.Plane.IsOver.ShouldBeFalse();
    }

    [Fact]
    public async Task Hears_nothing_before_complete_is_on_disk()
    {
        await using var receiver = new ScriptedOrigin();
        await using var host = await StartAsync();
        await CreateAsync(host, Url(receiver));
        var flushed = 0;
        var shownAtDelivery = "";
        string? location = null;
        receiver.Script = async exchange =>
        {
            var receipt = await host.Control.Client.GetAnswerAsync(location!);
            shownAtDelivery = receipt.Data.GetProperty("state").GetString()!;
            await exchange.RespondAsync("");
        };
        // The purge itself is flushed; what follows, its completion, fails at first and is tried again.
        host.Flush = commit =>
        {
            if (Interlocked.Increment(ref flushed) is 2 or 3)
                throw new IOException("The disk does not answer.");
            commit();
        };
        location = (await host.Purge("""{"type":"All"}""")).Response.Headers.Location!.OriginalString;
        await Eventually.Async(() =>
        {
            host.Time.Advance(TimeSpan.FromMilliseconds(100));
            return Task.FromResult(receiver.Requests.Count > 0 && shownAtDelivery.Length > 0);
        });
        shownAtDelivery.ShouldBe("complete");
        flushed.ShouldBeGreaterThan(3);
    }

    [Fact]
    public async Task Is_told_again_under_the_same_id_after_a_failure_and_after_a_restart()
    {
        await using var receiver = new ScriptedOrigin();
        receiver.Script = exchange => exchange.RespondAsync("no", status: "503 Service Unavailable");
        var host = await StartAsync();
        await CreateAsync(host, Url(receiver));
        await host.Purge("""{"type":"All"}""");
        var first = await FirstAsync(receiver);
        await Eventually.Async(async () => (await ListedAsync(host)).GetProperty("lastResult").GetString() == "answered 503");

        await using var again = await host.RestartAsync();
        receiver.Script = exchange => exchange.RespondAsync("");
        again.Time.Advance(TimeSpan.FromSeconds(6));
        await Eventually.Async(() => receiver.Requests.Count > 1);

        var second = receiver.Requests[1];
        second["webhook-id"].ShouldBe(first["webhook-id"]);
        second.Body.ShouldBe(first.Body);
        second["webhook-timestamp"].ShouldNotBe(first["webhook-timestamp"]);
        await Eventually.Async(async () => (await ListedAsync(again)).GetProperty("pending").GetInt64() == 0);
    }

    [Fact]
    public async Task Is_given_up_after_a_day_and_says_so()
    {
        await using var receiver = new ScriptedOrigin();
        receiver.Script = exchange => exchange.RespondAsync("", "Location: /elsewhere", status: "302 Found");
        await using var host = await StartAsync();
        await CreateAsync(host, Url(receiver));
        await host.Purge("""{"type":"All"}""");
        await FirstAsync(receiver);

        await Eventually.Async(async () =>
        {
            host.Time.Advance(TimeSpan.FromMinutes(20));
            var listed = await ListedAsync(host);
            return listed.GetProperty("pending").GetInt64() == 0 && listed.GetProperty("dropped").GetInt64() == 1;
        });
        // No redirect was followed at any attempt.
        receiver.CountOf("/elsewhere").ShouldBe(0);
        receiver.Requests.Count.ShouldBeGreaterThan(1);
    }

    [Theory]
    [InlineData(22.8, true)] // the longest pause is an hour and a tenth
    [InlineData(23.2, false)] // the shortest by then is six minutes less than an hour
    public async Task Is_tried_again_as_long_as_that_is_within_a_day_of_complete(double hoursAgo, bool again)
    {
        await using var receiver = new ScriptedOrigin();
        await using var host = await StartAsync();
        var id = (await CreateAsync(host, Url(receiver))).Data.GetProperty("id").GetInt64();
        var delivery = new Delivery("msg_1", "{}"u8.ToArray(), host.Time.GetUtcNow() - TimeSpan.FromHours(hoursAgo), Attempts: 30);
        await host.Control.Writer.WriteAsync(
            write =>
            {
                WebhookStore.Queue(write, id, [delivery], host.Feed.Head.Position, most: 1);
                WebhookStore.Attempted(write, id, delivery, new AttemptResult(IsDelivered: false, "answered 500"));
                return true;
            },
            TestContext.Current.CancellationToken
        );
        var listed = await ListedAsync(host);
        (listed.GetProperty("pending").GetInt64(), listed.GetProperty("dropped").GetInt64()).ShouldBe(again ? (1, 0) : (0, 1));
    }

    [Fact]
    public async Task Has_ten_thousand_deliveries_waiting_at_most_and_counts_what_is_dropped_beyond()
    {
        await using var receiver = new ScriptedOrigin();
        using var hold = new CancellationTokenSource();
        receiver.Script = _ => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, hold.Token);
        await using var host = await StartAsync();
        var id = (await CreateAsync(host, Url(receiver))).Data.GetProperty("id").GetInt64();
        var now = host.Time.GetUtcNow();
        var waiting = Enumerable.Range(0, 9_998).Select(n => new Delivery($"msg_{n}", "{}"u8.ToArray(), now, 0)).ToList();
        await host.Control.Writer.WriteAsync(
            write =>
            {
                WebhookStore.Queue(write, id, waiting, host.Feed.Head.Position, WebhookQueue.MostWaiting);
                return true;
            },
            TestContext.Current.CancellationToken
        );

        for (var i = 0; i < 5; i++)
            await host.Purge("""{"type":"All"}""");
        await Eventually.Async(async () => (await ListedAsync(host)).GetProperty("dropped").GetInt64() == 3);
        (await ListedAsync(host)).GetProperty("pending").GetInt64().ShouldBe(10_000);
        await hold.CancelAsync();
    }

    [Fact]
    public async Task Is_told_once_by_an_answer_whose_body_never_ends()
    {
        await using var receiver = new ScriptedOrigin();
        var hungUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        receiver.Script = async exchange =>
        {
            await exchange.BeginAsync("Content-Length: 1000000000000");
            try
            {
                while (true)
                    await exchange.SendAsync(new string('x', 16 << 10));
            }
            catch (IOException)
            {
                hungUp.TrySetResult();
            }
        };
        await using var host = await StartAsync();
        await CreateAsync(host, Url(receiver));
        await host.Purge("""{"type":"All"}""");

        await Eventually.Async(async () => (await ListedAsync(host)).GetProperty("lastResult").ValueKind == JsonValueKind.String);
        var listed = await ListedAsync(host);
        (listed.GetProperty("lastResult").GetString(), listed.GetProperty("pending").GetInt64()).ShouldBe(("answered 200", 0));
        await hungUp.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);
        receiver.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Takes_no_answer_whose_head_never_ends()
    {
        await using var receiver = new ScriptedOrigin();
        receiver.Script = async exchange =>
        {
            await exchange.SendAsync("HTTP/1.1 200 OK\r\n");
            while (true)
                await exchange.SendAsync($"X-More: {new string('x', 1000)}\r\n");
        };
        await using var host = await StartAsync();
        await CreateAsync(host, Url(receiver));
        await host.Purge("""{"type":"All"}""");

        await Eventually.Async(async () => (await ListedAsync(host)).GetProperty("lastResult").ValueKind == JsonValueKind.String);
        var listed = await ListedAsync(host);
        listed.GetProperty("lastResult").GetString().ShouldBe("not reached: ConfigurationLimitExceeded");
        listed.GetProperty("pending").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task Says_of_counts_that_may_still_grow_that_they_are_not_final()
    {
        await using var receiver = new ScriptedOrigin();
        await using var fleet = await The_events_of_a_purge.Leased.StartAsync(configure: options =>
            options with
            {
                Webhooks = new WebhookOptions { AllowPrivateAddresses = true },
            }
        );
        await fleet.Host.Client.PostAnswerAsync($"/api/property/{fleet.Property.Id}/webhooks", new { url = Url(receiver) });
        foreach (var final in new[] { false, true })
        {
            var (_, position) = await fleet.PurgeAsync();
            await fleet.ApplyAsync(position, final);
        }
        await Eventually.Async(() => receiver.Requests.Count == 2);

        var bodies = receiver
            .Requests.Select(told => JsonSerializer.Deserialize<JsonElement>(told.Body))
            .OrderBy(body => body.GetProperty("position").GetInt64())
            .ToList();
        bodies.Select(body => body.GetProperty("matched").GetInt64()).ShouldBe([3, 3]);
        bodies.Select(body => body.GetProperty("countsFinal").GetBoolean()).ShouldBe([false, true]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Is_tried_some_thirty_times_in_a_day_with_pauses_that_grow_to_an_hour(double random)
    {
        var (attempts, at) = (0, TimeSpan.Zero);
        while (at <= Backoff.GiveUpAfter)
            at += Backoff.After(++attempts, random);
        attempts.ShouldBeInRange(25, 40);
        Backoff.After(1, random).ShouldBeInRange(TimeSpan.FromSeconds(4.5), TimeSpan.FromSeconds(5.5));
        Backoff.After(100, random).ShouldBeInRange(TimeSpan.FromMinutes(54), TimeSpan.FromMinutes(66));
    }

    [Fact]
    public async Task Waits_for_nobody_elses_receiver()
    {
        await using var dead = new ScriptedOrigin();
        await using var well = new ScriptedOrigin();
        using var hold = new CancellationTokenSource();
        dead.Script = _ => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, hold.Token);
        await using var host = await StartAsync();
        await CreateAsync(host, Url(dead));
        await CreateAsync(host, Url(well));
        for (var i = 0; i < 20; i++)
            await host.Purge("""{"type":"All"}""");

        await Eventually.Async(() => well.Requests.Count == 20);
        dead.Requests.Count.ShouldBeInRange(1, 4);
        await hold.CancelAsync();
    }

    [Theory]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://0177.0.0.1/")]
    [InlineData("http://[::1]:8080/")]
    [InlineData("https://[::ffff:8.8.8.8]/")]
    [InlineData("http://169.254.169.254/latest")]
    [InlineData("http://user:password@example.com/")]
    [InlineData("https://example.com/#part")]
    [InlineData("ftp://example.com/")]
    [InlineData("/relative")]
    [InlineData("")]
    public async Task Is_refused_where_its_url_may_not_lead(string url)
    {
        await using var host = await StartAsync(allowPrivate: false);
        (await CreateAsync(host, url)).Status.ShouldBe(400);
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("127.8.8.8", false)]
    [InlineData("169.254.1.1", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.168.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("::ffff:8.8.8.8", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("2002:7f00:1::", false)]
    public void Leads_only_to_public_addresses(string address, bool expected) =>
        WebhookTarget.IsPublic(IPAddress.Parse(address)).ShouldBe(expected);

    [Fact]
    public async Task Does_not_connect_where_its_name_leads_when_that_has_changed()
    {
        await using var inside = new ScriptedOrigin();
        var asked = 0;
        // The first answer is for whoever checks before connecting, the second for whoever connects.
        using var sender = new WebhookSender(
            new WebhookOptions(),
            TimeProvider.System,
            (_, _) => Task.FromResult(Interlocked.Increment(ref asked) == 1 ? [IPAddress.Loopback] : new[] { IPAddress.Parse("8.8.8.8") })
        );
        var webhook = new Webhook(1, 1, new Uri($"http://rebound.example:{inside.Port}/"), WebhookSecret.Generate(out _), default);
        var result = await sender.SendAsync(webhook, new Delivery("msg_1", "{}"u8.ToArray(), default, 0), CancellationToken.None);

        result.ShouldBe(new AttemptResult(false, "its name leads to no public address"));
        inside.Requests.ShouldBeEmpty();
        asked.ShouldBe(1);
    }

    [Fact]
    public async Task Shows_its_secret_once_and_only_when_it_was_made_here()
    {
        await using var host = await StartAsync();
        var own = await CreateAsync(host, "https://example.com/hook", "a secret of my own".Replace(' ', '-'));
        own.Data.GetProperty("secret").ValueKind.ShouldBe(JsonValueKind.Null);
        (await CreateAsync(host, "https://example.com/hook", "short")).Status.ShouldBe(400);
        (await CreateAsync(host, "https://example.com/hook", "whsec_notbase64!!!!")).Status.ShouldBe(400);
        var listed = await host.Control.Client.GetAnswerAsync(Path(host));
        listed
            .Data[0]
            .EnumerateObject()
            .Select(field => field.Name)
            .ShouldBe(["id", "url", "createdAt", "pending", "dropped", "lastAttemptAt", "lastResult"]);
        (await host.Control.Client.GetAnswerAsync($"{Path(host)}/{own.Data.GetProperty("id")}")).Message.ShouldBe("Method not allowed.");
    }

    [Fact]
    public async Task Is_one_of_ten_at_most_and_gone_when_it_was_deleted()
    {
        await using var host = await StartAsync();
        var made = new List<long>();
        for (var i = 0; i < 10; i++)
            made.Add((await CreateAsync(host, $"https://example.com/{i}")).Data.GetProperty("id").GetInt64());
        var eleventh = await CreateAsync(host, "https://example.com/10");
        (eleventh.Status, eleventh.Message).ShouldBe((400, "At most 10 webhooks per property."));

        (await host.Control.Client.DeleteAnswerAsync($"{Path(host)}/{made[0]}")).Status.ShouldBe(200);
        (await host.Control.Client.DeleteAnswerAsync($"{Path(host)}/{made[0]}")).Message.ShouldBe("Webhook not found.");
        (await CreateAsync(host, "https://example.com/10")).Status.ShouldBe(201);
    }

    [Fact]
    public async Task Is_guarded_like_everything_of_a_property()
    {
        await using var host = await StartAsync();
        var made = await CreateAsync(host, "https://example.com/");
        var one = $"{Path(host)}/{made.Data.GetProperty("id")}";
        var stranger = await host.Control.AddAccountAsync("stranger");
        using var other = stranger.Client;
        using var nobody = host.Control.NewClient(apiKey: null);
        var key = await host.Control.Client.PostAnswerAsync("/api/account/apikeys", new { name = "plugin", scope = "purge" });
        using var plugin = host.Control.NewClient(key.Data.GetProperty("key").GetString());

        (await nobody.GetAnswerAsync(Path(host))).Status.ShouldBe(401);
        (await plugin.GetAnswerAsync(Path(host))).Status.ShouldBe(403);
        (await other.DeleteAnswerAsync(one)).Message.ShouldBe("Property not found.");
        (await host.Control.Client.CallAsync(HttpMethod.Put, Path(host))).Message.ShouldBe("Method not allowed.");
        (await host.Post(Path(host), "[]")).Message.ShouldBe("Request body must be a JSON object.");
        (await host.Post(Path(host), """{"url":7}""")).Message.ShouldBe("Url must be a string.");
        await host.Control.Changes.SetStateAsync(ControlHost.Somebody, host.Property.Id, PropertyState.Disabled, default);
        (await host.Control.Client.GetAnswerAsync(Path(host))).Status.ShouldBe(200);
        (await CreateAsync(host, "https://example.com/")).Status.ShouldBe(403);
        (await host.Control.Client.DeleteAnswerAsync(one)).Status.ShouldBe(403);
    }

    private static string Url(ScriptedOrigin receiver) => $"http://127.0.0.1:{receiver.Port}/hook";

    private static string Path(PurgeHost host) => $"/api/property/{host.Property.Id}/webhooks";

    private static Task<ApiAnswer> CreateAsync(PurgeHost host, string url, string? secret = null) =>
        host.Control.Client.PostAnswerAsync(Path(host), new { url, secret });

    private static async Task<JsonElement> ListedAsync(PurgeHost host) => (await host.Control.Client.GetAnswerAsync(Path(host))).Data[0];

    private static async Task<OriginRequest> FirstAsync(ScriptedOrigin receiver)
    {
        await Eventually.Async(() => receiver.Requests.Count > 0);
        return receiver.Requests[0];
    }
}

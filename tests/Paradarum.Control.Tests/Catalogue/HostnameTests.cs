using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Catalogue.Verification;
using Paradarum.Control.Fleet;
using Paradarum.Control.Tests.Fleet;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Catalogue;

/// <summary>Contract part 3, hostnames: asked of a real DNS server, against PoPs that have said where visitors reach them.</summary>
public sealed class A_hostname
{
    private const string Warning = "Hostname created successfully. WARNING: DNS verification failed. ";
    private const string ThenVerify = " Change its DNS record, then verify again.";

    [Theory]
    [InlineData("A 192.0.2.7")]
    [InlineData("AAAA 2001:db8::7")]
    [InlineData("A 203.0.113.9", "A 192.0.2.7")]
    [InlineData("A 203.0.113.9", "AAAA 2001:db8::7")]
    [InlineData("CNAME shop.cdn.example")]
    public async Task Whose_name_resolves_to_a_PoP_is_active_at_once(params string[] records)
    {
        await using var site = await Installation.StartAsync("http://192.0.2.7", "http://[2001:db8::7]:8080");
        site.Dns.Says("www.example.com", records);
        site.Dns.Says("shop.cdn.example", "CNAME pops.cdn.example");
        site.Dns.Says("pops.cdn.example", "A 192.0.2.7");
        var added = await site.AddAsync("www.example.com");
        (added.Status, added.Message, StatusOf(added)).ShouldBe((201, "Hostname created successfully.", 0));
        site.Known("www.example.com").State.ShouldBe(HostnameState.Active);
    }

    [Fact]
    public async Task Is_followed_along_aliases_where_the_server_sends_one_at_a_time()
    {
        await using var site = await Installation.StartAsync("http://192.0.2.7");
        site.Dns.IsResolver = false;
        site.Dns.Says("www.example.com", "CNAME shop.cdn.example");
        site.Dns.Says("shop.cdn.example", "CNAME pops.cdn.example");
        site.Dns.Says("pops.cdn.example", "A 192.0.2.7");
        StatusOf(await site.AddAsync("www.example.com")).ShouldBe(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whose_aliases_go_in_a_circle_stays_pending(bool isResolver)
    {
        await using var site = await Installation.StartAsync("http://192.0.2.7");
        site.Dns.IsResolver = isResolver;
        site.Dns.Says("www.example.com", "CNAME two.example.com");
        site.Dns.Says("two.example.com", "CNAME www.example.com");
        (await site.AddAsync("www.example.com")).Message.ShouldBe(
            $"{Warning}www.example.com has more than 16 aliases (CNAME), or they go in a circle; expected is a public address of a PoP: 192.0.2.7.{ThenVerify}"
        );
    }

    [Fact]
    public async Task Under_a_DNS_wildcard_is_active_and_one_beside_it_is_not()
    {
        await using var site = await Installation.StartAsync("http://192.0.2.7");
        site.Dns.Says("*.shops.example", "A 192.0.2.7");
        StatusOf(await site.AddAsync("one.shops.example")).ShouldBe(0);
        StatusOf(await site.AddAsync("one.other.example")).ShouldBe(1);
    }

    [Theory]
    [InlineData("resolves to 203.0.113.9", "A 203.0.113.9")]
    [InlineData("resolves to 2001:db8::9, 203.0.113.9", "A 203.0.113.9", "AAAA 2001:db8::9")]
    [InlineData("has no A and no AAAA record in DNS", "TXT text")]
    [InlineData("does not exist in DNS (NXDOMAIN)", "CNAME nowhere.example.com")]
    [InlineData("does not exist in DNS (NXDOMAIN)")]
    public async Task Whose_name_leads_elsewhere_is_pending_and_the_answer_says_what_was_found_and_what_is_expected(
        string found,
        params string[] records
    )
    {
        await using var site = await Installation.StartAsync("http://192.0.2.7", "https://192.0.2.8:8443");
        if (records.Length > 0)
            site.Dns.Says("www.example.com", records);
        var added = await site.AddAsync("www.example.com");
        (added.Status, StatusOf(added)).ShouldBe((201, 1));
        added.Message.ShouldBe(
            $"{Warning}www.example.com {found}; expected is a public address of a PoP: 192.0.2.7, 192.0.2.8.{ThenVerify}"
        );
        site.Known("www.example.com").State.ShouldBe(HostnameState.PendingValidation);
        var listed = await site.Host.Client.GetAnswerAsync(site.Path);
        listed.Data[1].GetProperty("status").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task That_DNS_refuses_to_tell_of_is_pending()
    {
        await using var site = await Installation.StartAsync("http://192.0.2.7");
        site.Dns.Fails = 2;
        (await site.AddAsync("www.example.com")).Message.ShouldStartWith(
            $"{Warning}www.example.com could not be looked up: DNS answered ServerFailure; expected"
        );
    }

    [Fact]
    public async Task That_DNS_is_silent_of_is_pending_after_five_seconds_and_not_before()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var site = await Installation.StartAsync(time, "http://192.0.2.7");
        site.Dns.IsSilent = true;
        var adding = site.AddAsync("www.example.com");
        await site.Dns.Asked;
        time.Advance(TimeSpan.FromSeconds(4.9));
        adding.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(0.1));
        var added = await adding;
        (added.Status, StatusOf(added)).ShouldBe((201, 1));
        added.Message.ShouldStartWith($"{Warning}www.example.com got no answer from DNS in time; expected");
    }

    [Fact]
    public async Task Is_compared_with_the_addresses_of_a_PoP_that_is_known_by_name()
    {
        await using var site = await Installation.StartAsync("https://pop-1.cdn.example", "http://gone.cdn.example");
        site.Dns.Says("pop-1.cdn.example", "A 192.0.2.7", "AAAA 2001:db8::7");
        site.Dns.Says("www.example.com", "AAAA 2001:db8::7");
        StatusOf(await site.AddAsync("www.example.com")).ShouldBe(0);
        (await site.AddAsync("two.example.com")).Message.ShouldEndWith(
            "expected is a public address of a PoP: 192.0.2.7, 2001:db8::7, gone.cdn.example (a PoP, which does not exist in DNS (NXDOMAIN))."
                + ThenVerify
        );
    }

    [Fact]
    public async Task Is_pending_where_no_PoP_has_said_where_it_is_reached()
    {
        await using var site = await Installation.StartAsync();
        site.Dns.Says("www.example.com", "A 192.0.2.7");
        (await site.AddAsync("www.example.com")).Message.ShouldBe(
            $"{Warning}www.example.com resolves to 192.0.2.7; no PoP has told its public address yet."
        );
    }

    [Fact]
    public async Task Is_verified_again_and_active_from_then_on_whatever_its_name_says_later()
    {
        await using var site = await Installation.StartAsync("http://192.0.2.7");
        var id = (await site.AddAsync("www.example.com")).Data.GetProperty("id").GetInt64();
        var head = site.Host.Feed.Head.Position;
        var failed = await site.VerifyAsync(id);
        (failed.Status, StatusOf(failed)).ShouldBe((200, 1));
        failed.Message.ShouldBe(
            "WARNING: DNS verification failed. www.example.com does not exist in DNS (NXDOMAIN); "
                + $"expected is a public address of a PoP: 192.0.2.7.{ThenVerify}"
        );
        site.Host.Feed.Head.Position.ShouldBe(head, "nothing has changed");

        site.Dns.Says("www.example.com", "A 192.0.2.7");
        var verified = await site.VerifyAsync(id);
        (verified.Status, verified.Message, StatusOf(verified)).ShouldBe((200, "Hostname verified successfully.", 0));
        site.Host.Feed.Head.Position.ShouldBe(head + 1, "one configuration record, and no purge: nothing of it was stored");
        site.Known("www.example.com").State.ShouldBe(HostnameState.Active);

        site.Dns.Says("www.example.com", "A 203.0.113.9");
        StatusOf(await site.VerifyAsync(id)).ShouldBe(0);
        (await site.VerifyAsync(id + 1)).Message.ShouldBe("Hostname not found.");
    }

    [Fact]
    public async Task Under_the_system_domain_is_active_and_asks_nobody()
    {
        await using var site = await Installation.StartAsync("http://192.0.2.7");
        var added = await site.AddAsync("WWW.Shop.cdn.localhost.");
        (added.Status, added.Message, StatusOf(added)).ShouldBe((201, "Hostname created successfully.", 0));
        added.Data.GetProperty("name").GetString().ShouldBe("www.shop.cdn.localhost");
        site.Dns.Questions.ShouldBe(0);
    }

    [Fact]
    public async Task Belongs_to_one_property_of_the_installation_however_it_is_written()
    {
        await using var site = await Installation.StartAsync("http://192.0.2.7");
        var added = await site.AddAsync("www.bücher.example");
        added.Data.GetProperty("name").GetString().ShouldBe("www.xn--bcher-kva.example");
        var other = await site.Host.AddAccountAsync("other");
        var theirs = await site.Host.AddPropertyAsync("theirs", other.Id);
        var asked = site.Dns.Questions;
        foreach (var name in new[] { "www.bücher.example", "WWW.XN--BCHER-KVA.example.", "shop.cdn.localhost" })
        {
            var taken = await other.Client.PostAnswerAsync($"/api/property/{theirs.Id}/hostname", new { name });
            taken.Status.ShouldBe(409);
            taken.Message.ShouldEndWith("already belongs to a property.");
        }
        site.Dns.Questions.ShouldBe(asked, "what is refused anyway costs no question");
    }

    [Theory]
    [InlineData("""{}""", "Name is required.")]
    [InlineData("""{"name":" "}""", "Name is required.")]
    [InlineData("""{"name":7}""", "Name must be a string.")]
    [InlineData("""{"name":"192.0.2.7"}""", "Name must be a host name, not an address.")]
    [InlineData("""{"name":"[2001:db8::1]"}""", "Name must be a host name, not an address.")]
    [InlineData("""{"name":"www.example.com:80"}""", null)]
    [InlineData("""{"name":"http://www.example.com"}""", null)]
    [InlineData("""{"name":"www.example.com/"}""", null)]
    [InlineData("""{"name":"*.example.com"}""", null)]
    [InlineData("""{"name":"www..example.com"}""", null)]
    [InlineData("""{"name":"127.1"}""", null)]
    public async Task Is_a_name_and_nothing_else(string body, string? message)
    {
        await using var site = await Installation.StartAsync();
        var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        var refused = await site.Host.Client.CallAsync(HttpMethod.Post, site.Path, content);
        refused.Status.ShouldBe(400);
        refused.Message.ShouldContain(message ?? "is not a host name. Write it as www.example.com");
        site.Dns.Questions.ShouldBe(0);
    }

    [Fact]
    public async Task Takes_nothing_from_a_client_but_its_name()
    {
        await using var site = await Installation.StartAsync("http://192.0.2.7");
        var added = await site.Host.Client.PostAnswerAsync(
            site.Path,
            new
            {
                name = "www.example.com",
                status = 0,
                id = 99,
            }
        );
        (StatusOf(added), added.Data.GetProperty("id").GetInt64()).ShouldNotBe((0, 99));
        StatusOf(added).ShouldBe(1);
    }

    [Fact]
    public async Task Is_one_of_at_most_a_hundred_of_its_property()
    {
        await using var site = await Installation.StartAsync();
        for (var n = 1; n < Property.MostHostnames; n++)
            (await site.AddAsync($"h{n}.cdn.localhost")).Status.ShouldBe(201);
        var refused = await site.AddAsync("more.cdn.localhost");
        (refused.Status, refused.Message).ShouldBe((400, "A property holds at most 100 hostnames."));
    }

    [Fact]
    public async Task Is_not_added_to_a_property_that_was_disabled_while_DNS_was_asked()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var site = await Installation.StartAsync(time, "http://192.0.2.7");
        site.Dns.IsSilent = true;
        var adding = site.AddAsync("www.example.com");
        await site.Dns.Asked;
        ControlHost.Opened(
            await site.Host.Changes.SetStateAsync(ControlHost.Somebody, site.Property.Id, PropertyState.Disabled, CancellationToken.None)
        );
        time.Advance(HostnameVerifier.Within);
        (await adding).Status.ShouldBe(403);
        site.Host.Catalogue.Current.Properties[site.Property.Id].Hostnames.Length.ShouldBe(1);
    }

    [Fact]
    public async Task Has_its_life_in_the_audit_trail()
    {
        await using var site = await Installation.StartAsync("http://192.0.2.7");
        var id = (await site.AddAsync("www.example.com")).Data.GetProperty("id").GetInt64();
        await site.VerifyAsync(id);
        site.Dns.Says("www.example.com", "A 192.0.2.7");
        await site.VerifyAsync(id);
        await site.Host.Client.DeleteAnswerAsync($"{site.Path}/{id}");
        var entries = (await site.Host.Client.GetAnswerAsync("/api/audit?type=hostname")).Data.EnumerateArray().ToArray();
        entries
            .Select(entry => (entry.GetProperty("action").GetString(), entry.GetProperty("subject").GetString()))
            .ShouldBe([("deleted", "www.example.com"), ("changed", "www.example.com"), ("created", "www.example.com")]);
        StatusIn(entries[1], "before").ShouldBe(1);
        StatusIn(entries[1], "after").ShouldBe(0);

        static int StatusIn(System.Text.Json.JsonElement entry, string side) =>
            entry.GetProperty(side).GetProperty("hostnames").EnumerateArray().Single().GetProperty("status").GetInt32();
    }

    private static int StatusOf(ApiAnswer answer) => answer.Data.GetProperty("status").GetInt32();

    /// <summary>A control plane that asks a DNS server of the test's, with PoPs that say they are reached at these URLs.</summary>
    private sealed class Installation(ControlHost host, TestDns dns, CatalogueProperty property) : IAsyncDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly List<LiveNode> _pops = [];

        public ControlHost Host => host;
        public TestDns Dns => dns;
        public CatalogueProperty Property => property;
        public string Path => $"/api/property/{property.Id}/hostname";

        public static Task<Installation> StartAsync(params string[] popUrls) => StartAsync(TimeProvider.System, popUrls);

        public static async Task<Installation> StartAsync(TimeProvider time, params string[] popUrls)
        {
            var dns = new TestDns();
            var host = await ControlHost.StartAsync(
                configure: options =>
                    options with
                    {
                        Dns = new DnsOptions { Servers = [dns.Address] },
                        // A clock that stands still: nothing may wait for company.
                        Fleet = options.Fleet with
                        {
                            NewsEvery = TimeSpan.Zero,
                        },
                    },
                surroundings: new ControlPlaneSurroundings { Time = time }
            );
            var site = new Installation(host, dns, await host.AddPropertyAsync("shop"));
            var registry = host.Plane.Services.GetRequiredService<FleetRegistry>();
            for (var n = 0; n < popUrls.Length; n++)
                site._pops.Add(await LiveNode.StartAsync(host, site._folder[$"pop-{n}"], NodeRole.Pop, url: popUrls[n]));
            await Eventually.Async(() => registry.PublicUrls().Count == popUrls.Length, "each PoP has said where it is reached");
            return site;
        }

        public Task<ApiAnswer> AddAsync(string name) => host.Client.PostAnswerAsync(Path, new { name });

        public Task<ApiAnswer> VerifyAsync(long id) => host.Client.CallAsync(HttpMethod.Post, $"{Path}/{id}/verify");

        public CatalogueHostname Known(string name) =>
            host.Catalogue.Current.Properties[property.Id].Hostnames.Single(hostname => hostname.Name == name);

        public async ValueTask DisposeAsync()
        {
            foreach (var pop in _pops)
                await pop.DisposeAsync();
            await host.DisposeAsync();
            await dns.DisposeAsync();
            _folder.Dispose();
        }
    }
}

public sealed class The_names_that_are_asked_of_nobody
{
    [Fact]
    public async Task Are_those_of_this_machine()
    {
        await using var dns = new TestDns();
        var names = new NameLookup(
            new DnsOptions { Servers = [dns.Address] },
            Microsoft.Extensions.Logging.Abstractions.NullLogger<NameLookup>.Instance
        );
        (await names.FindAsync("shop.localhost", CancellationToken.None)).Addresses.ShouldBe([IPAddress.Loopback, IPAddress.IPv6Loopback]);
        dns.Questions.ShouldBe(0);
    }
}

/// <summary>What <c>--dns-server</c> promises of several.</summary>
public sealed class The_DNS_servers_of_a_control_plane
{
    [Fact]
    public async Task Are_asked_in_order_and_the_next_one_only_when_one_does_not_answer()
    {
        await using var first = new TestDns();
        await using var second = new TestDns();
        first.Says("www.example.com", "A 192.0.2.7");
        second.Says("www.example.com", "A 192.0.2.8");
        (await FindAsync(first, second)).ShouldBe("192.0.2.7");
        second.Questions.ShouldBe(0);

        first.IsSilent = true;
        (await FindAsync(first, second)).ShouldBe("192.0.2.8");
    }

    [Fact]
    public async Task Are_gone_through_within_the_time_of_a_verification_although_one_is_gone()
    {
        var gone = new TestDns();
        var address = gone.Address;
        await gone.DisposeAsync();
        await using var second = new TestDns();
        second.Says("www.example.com", "A 192.0.2.8");
        (await FindAsync(address, second.Address)).ShouldBe("192.0.2.8");
    }

    private static Task<string> FindAsync(TestDns first, TestDns second) => FindAsync(first.Address, second.Address);

    private static async Task<string> FindAsync(params IPEndPoint[] servers)
    {
        var names = new NameLookup(
            new DnsOptions { Servers = [.. servers] },
            Microsoft.Extensions.Logging.Abstractions.NullLogger<NameLookup>.Instance
        );
        using var within = new CancellationTokenSource(HostnameVerifier.Within, TimeProvider.System);
        var found = await names.FindAsync("www.example.com", within.Token);
        return found.Trouble ?? string.Join(", ", found.Addresses);
    }
}

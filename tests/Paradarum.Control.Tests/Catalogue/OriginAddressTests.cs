using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using Paradarum.Control.Access;
using Paradarum.Protocol.Addresses;
using Paradarum.Protocol.Configuration;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Catalogue;

/// <summary>Where origins that are addresses may lead, as far as it can be seen before anybody connects.</summary>
public sealed class An_origin_that_is_an_address
{
    [Theory]
    [InlineData("127.0.0.1", "loopback")]
    [InlineData("http://127.8.8.8:8080", "loopback")]
    [InlineData("https://localhost:8443", "loopback")]
    [InlineData("LOCALHOST", "loopback")]
    [InlineData("site.localhost", "loopback")]
    [InlineData("[::1]", "loopback")]
    [InlineData("[::ffff:127.0.0.1]:80", "loopback")]
    [InlineData("10.1.2.3", "private")]
    [InlineData("192.168.0.1:8080", "private")]
    [InlineData("http://[fd00::1]", "private")]
    [InlineData("[::ffff:10.0.0.1]", "private")]
    [InlineData("169.254.169.254", "any")]
    [InlineData("[fe80::1]", "any")]
    [InlineData("0.0.0.0", "any")]
    public async Task Is_refused_with_the_option_that_allows_it(string origin, string word)
    {
        await using var host = await StartAsync(AllowedAddresses.None);
        var origins = new[] { new { host = "origin.example" }, new { host = origin } };
        var answer = await host.Client.PostAnswerAsync("/api/property", new { name = "shop", origins });
        answer.Status.ShouldBe(400);
        answer.Message.ShouldEndWith(
            $"leads to an address that is not public. The operator has not allowed that (--origins-allow {word})."
        );
        host.Feed.Head.Position.ShouldBe(0ul);
    }

    [Theory]
    [InlineData("8.8.8.8", AllowedAddresses.None)]
    [InlineData("[2606:4700::1111]", AllowedAddresses.None)]
    [InlineData("localhost.example", AllowedAddresses.None)]
    [InlineData("127.0.0.1", AllowedAddresses.Loopback)]
    [InlineData("127.0.0.1", AllowedAddresses.Private)]
    [InlineData("10.1.2.3", AllowedAddresses.Private)]
    [InlineData("169.254.1.1", AllowedAddresses.Any)]
    public async Task Is_taken_where_it_is_public_or_allowed(string origin, AllowedAddresses allowed)
    {
        await using var host = await StartAsync(allowed);
        var origins = new[] { new { host = origin } };
        (await host.Client.PostAnswerAsync("/api/property", new { name = "shop", origins })).Status.ShouldBe(201);
    }

    [Fact]
    public async Task Is_refused_in_the_place_of_another_too()
    {
        await using var host = await StartAsync(AllowedAddresses.Loopback);
        var property = await host.AddPropertyAsync("shop");
        ImmutableArray<Origin> origins = [new("http", "10.1.2.3", 80, "", SslVerify: true)];
        var changed = await host.Changes.SetOriginsAsync(Caller.System(property.AccountId), property.Id, origins, CancellationToken.None);
        changed.Ok(out _, out var refusal).ShouldBeFalse();
        refusal!.Message.ShouldContain("--origins-allow private");
        var replaced = await host.Client.CallAsync(
            HttpMethod.Put,
            $"/api/property/{property.Id}",
            JsonContent.Create(new { origins = new[] { new { host = "origin.example" }, new { host = "10.1.2.3" } } })
        );
        replaced.Status.ShouldBe(400);
        replaced.Message.ShouldContain("--origins-allow private");
        host.Catalogue.Current.Properties[property.Id].Configuration.Origins.ShouldBe(property.Configuration.Origins);
    }

    [Theory]
    [InlineData("8.8.8.8", AddressRange.Public)]
    [InlineData("2606:4700::1111", AddressRange.Public)]
    [InlineData("127.255.255.255", AddressRange.Loopback)]
    [InlineData("::1", AddressRange.Loopback)]
    [InlineData("::ffff:127.0.0.1", AddressRange.Loopback)]
    [InlineData("100.64.0.1", AddressRange.Private)]
    [InlineData("172.31.255.255", AddressRange.Private)]
    [InlineData("172.32.0.1", AddressRange.Public)]
    [InlineData("fdff::1", AddressRange.Private)]
    [InlineData("::ffff:8.8.8.8", AddressRange.Reserved)]
    [InlineData("::127.0.0.1", AddressRange.Reserved)]
    [InlineData("64:ff9b::7f00:1", AddressRange.Reserved)]
    [InlineData("2002:7f00:1::", AddressRange.Reserved)]
    [InlineData("255.255.255.255", AddressRange.Reserved)]
    [InlineData("ff02::1", AddressRange.Reserved)]
    [InlineData("::", AddressRange.Reserved)]
    public void Is_in_one_range(string address, AddressRange expected) =>
        AddressRanges.RangeOf(IPAddress.Parse(address)).ShouldBe(expected);

    private static Task<ControlHost> StartAsync(AllowedAddresses allowed) =>
        ControlHost.StartAsync(configure: options => options with { OriginsAllow = allowed });
}

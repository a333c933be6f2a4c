using System.Net;
using Paradarum.Control.Telemetry;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Telemetry;

public sealed class Metrics_are_open
{
    private static readonly TelemetryOptions OneNetwork = new() { MetricsReaders = [IPNetwork.Parse("10.1.0.0/16")] };

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("::ffff:10.1.2.3")]
    public void To_this_machine_and_the_networks_on_the_list(string from) =>
        TelemetryComposition.MayRead(IPAddress.Parse(from), OneNetwork).ShouldBeTrue();

    [Theory]
    [InlineData("10.2.0.1")]
    [InlineData("192.0.2.1")]
    [InlineData("2001:db8::1")]
    [InlineData(null)]
    public void To_nobody_else(string? from) =>
        TelemetryComposition.MayRead(from is null ? null : IPAddress.Parse(from), OneNetwork).ShouldBeFalse();

    [Fact]
    public async Task On_the_port_of_the_API_and_not_on_the_one_for_nodes()
    {
        await using var control = await ControlHost.StartAsync();
        using var anyone = new HttpClient();
        using var onApi = await anyone.GetAsync(new Uri(control.Plane.Api, "/metrics"));
        onApi.StatusCode.ShouldBe(HttpStatusCode.OK);

        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(control.Plane.Fleet, "/metrics"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var onFleet = await anyone.SendAsync(request);
        onFleet.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public void Options_out_of_range_are_all_named()
    {
        var problems = new TelemetryOptions { ProbeEvery = TimeSpan.FromMilliseconds(10), Otlp = new Uri("ftp://collector") }.Problems();
        problems.Count.ShouldBe(2);
        problems[0].ShouldStartWith("Telemetry:ProbeEvery");
        problems[1].ShouldStartWith("Telemetry:Otlp");
    }
}

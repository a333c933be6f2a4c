using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Text.Json.Nodes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>The deployment of docs/operating/tls.md as processes: control plane, shield, PoP and origin with certificates of a private authority, nothing in the clear between them.</summary>
public sealed class A_deployment_with_TLS_everywhere : IAsyncLifetime
{
    private const string Host = "site.cdn.localhost";

    private readonly TestAuthority _authority = new();
    private readonly TemporaryFolder _folder = new();
    private readonly List<ParadarumProcess> _processes = [];
    private readonly int _api = FreePorts.Row(1);
    private readonly int _fleet = FreePorts.Row(1);
    private readonly int _shield = FreePorts.Row(1);
    private readonly int _pop = FreePorts.Row(2);
    private SecureOrigin _origin = null!;
    private HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_folder["root.pem"], _authority.Root);
        _origin = await SecureOrigin.StartAsync(OwnFiles.Write(_folder, _authority.Issue("origin.example"), name: "origin"));
        OwnFiles.Write(_folder, _authority.Issue("127.0.0.1"), name: "control");
        OwnFiles.Write(_folder, _authority.Issue("127.0.0.1"), name: "shield");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
            await process.DisposeAsync();
        _client?.Dispose();
        await _origin.DisposeAsync();
        _folder.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public async Task Serves_purges_both_zones_and_completes_its_receipt()
    {
        await StartControlAsync();
        var property = await AddPropertyAsync();
        var issued = _authority.Issue(Host);
        (await CertificateAsync(property, issued)).ShouldBe(issued.Fingerprint);
        await StartEdgeAsync("shield", "--listen none", $"--https 127.0.0.1:{_shield}", Own("shield"));
        await StartEdgeAsync("pop", $"--listen 127.0.0.1:{_pop}", $"--https 127.0.0.1:{_pop + 1}");

        // 1. Both zones have something.
        using var plain = new Visitor($"http://127.0.0.1:{_pop}", Host);
        using var secured = new TlsVisitor(_pop + 1, _authority.RootCertificate);
        foreach (var first in new[] { await plain.GetAsync("/page"), await secured.GetAsync(Host, "/page") })
        {
            (first.Body, first.Cache).ShouldBe(("secured", "MISS"));
            first.Headers["Via"].ShouldContain("paradarum-shield-1", Case.Sensitive, "the PoP did not go past its shield");
        }
        (await plain.GetAsync("/page")).Cache.ShouldBe("HIT");
        (await secured.GetAsync(Host, "/page")).Cache.ShouldBe("HIT");
        _origin.Requests.ShouldBe(2);

        // 2. One purge clears both, everywhere: hostnames x zones x nodes.
        _origin.Body = "changed";
        using var accepted = await _client.PostAsJsonAsync($"/api/property/{property}/purge", new { type = "Path", value = "/page" });
        (await accepted.Content.ReadFromJsonAsync<JsonObject>())!["data"]!["jobCount"]!.GetValue<int>().ShouldBe((1 + 1) * 1 * 2);
        var receipt = await _client.ReceiptAsync(accepted.Headers.Location!.OriginalString, "60s");
        receipt["state"]!.GetValue<string>().ShouldBe("complete", receipt.ToJsonString());
        receipt["perNode"]!.AsArray().Select(node => node!["objects"]!.GetValue<int>()).ShouldBe([2, 2], receipt.ToJsonString());
        (await plain.GetAsync("/page")).ShouldSatisfyAllConditions(visit => (visit.Body, visit.Cache).ShouldBe(("changed", "MISS")));
        (await secured.GetAsync(Host, "/page")).ShouldSatisfyAllConditions(visit =>
            (visit.Body, visit.Cache).ShouldBe(("changed", "MISS"))
        );

        // 3. A renewed certificate is at the PoP with its record; who is connected stays so.
        using var open = await TlsConnectionOfTest.OpenAsync(_pop + 1, Host, _authority.RootCertificate);
        open.Fingerprint.ShouldBe(issued.Fingerprint);
        var renewed = _authority.Issue(Host);
        (await CertificateAsync(property, renewed)).ShouldBe(renewed.Fingerprint);
        await Eventually.Async(
            async () =>
            {
                using var next = await TlsConnectionOfTest.OpenAsync(_pop + 1, Host, _authority.RootCertificate);
                return next.Fingerprint == renewed.Fingerprint;
            },
            "the PoP shows the renewed certificate"
        );
        (await open.GetAsync(Host, "/page")).Body.ShouldBe("changed");
    }

    [Fact]
    public async Task Has_no_port_between_machines_that_speaks_without_TLS_and_no_node_that_believes_another_authority()
    {
        await StartControlAsync();
        await AddPropertyAsync();
        await StartEdgeAsync("shield", "--listen none", $"--https 127.0.0.1:{_shield}", Own("shield"));
        foreach (var port in new[] { _api, _fleet, _shield })
        {
            using var clear = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await Should.ThrowAsync<HttpRequestException>(() => clear.GetAsync("/api/property"), $"port {port} answered");
        }

        using var stranger = new TestAuthority();
        await File.WriteAllTextAsync(_folder["stranger.pem"], stranger.Root);
        var (code, _, errors) = await ParadarumProcess.RunAsync([
            .. Edge("pop", "lost", await RegisterAsync("node", "lost"), "stranger.pem"),
            "--listen",
            $"127.0.0.1:{_pop}",
        ]);
        code.ShouldBe(1);
        errors.ShouldContain("can't be reached");
    }

    private string Own(string name) => $"--certificate {_folder[name + ".pem"]} --key {_folder[name + ".key"]}";

    private async Task StartControlAsync()
    {
        var control = ParadarumProcess.Start(
            $"control --data {_folder["data"]} --api-listen 127.0.0.1:{_api} --fleet-listen 127.0.0.1:{_fleet} {Own("control")} --origins-allow loopback --log-level warning --probe-every 0".Split(
                ' '
            )
        );
        _processes.Add(control);
        (await control.LineAsync("paradarum control: ready")).ShouldContain(
            $"api=https://127.0.0.1:{_api} fleet=https://127.0.0.1:{_fleet}"
        );
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = TlsVisitor.Policy(_authority.RootCertificate) },
        };
        _client = new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{_api}"), Timeout = TimeSpan.FromSeconds(70) };
        var facts = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_folder["data"], "operator.json")))!;
        _client.DefaultRequestHeaders.Add("X-API-Key", facts["apiKey"]!.GetValue<string>());
    }

    private async Task<long> AddPropertyAsync()
    {
        var origin = new
        {
            host = $"https://127.0.0.1:{_origin.Port.ToString(CultureInfo.InvariantCulture)}",
            hostHeader = "origin.example",
        };
        using var answer = await _client.PostAsJsonAsync("/api/property", new { name = "site", origins = new[] { origin } });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!["data"]!["id"]!.GetValue<long>();
    }

    private async Task<string> CertificateAsync(long property, IssuedCertificate issued)
    {
        using var answer = await _client.PostAsJsonAsync($"/api/property/{property}/hostname/1/certificate", issued.Body);
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!["data"]!["fingerprint"]!.GetValue<string>();
    }

    private async Task<string> RegisterAsync(string kind, string name)
    {
        using var answer = await _client.PostAsJsonAsync($"/api/{kind}", new { name });
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!["data"]!["enrolmentToken"]!.GetValue<string>();
    }

    private string[] Edge(string role, string name, string token, string controlRoots = "root.pem") =>
        $"edge --role {role} --control https://127.0.0.1:{_fleet} --control-ca {_folder[controlRoots]} --upstream-ca {_folder["root.pem"]} --data {_folder[name]} --enrolment-token {token} --origins-allow loopback --log-level warning".Split(
            ' '
        );

    private async Task StartEdgeAsync(string role, params string[] more)
    {
        var token = await RegisterAsync(role == "pop" ? "node" : "shield", $"{role}-1");
        var edge = ParadarumProcess.Start([.. Edge(role, $"{role}-1", token), .. more.SelectMany(setting => setting.Split(' '))]);
        _processes.Add(edge);
        await edge.LineAsync("paradarum edge: ready");
    }
}

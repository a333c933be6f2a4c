using System.Text;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Api;

/// <summary>Contract section 0: the envelope, paging, routes.</summary>
public sealed class Every_answer_under_api
{
    [Theory]
    [InlineData("GET", "/api/property", 200, "Properties retrieved successfully.")]
    [InlineData("GET", "/API/Property", 200, "Properties retrieved successfully.")]
    [InlineData("GET", "/api/property/?accountId=999", 200, "Properties retrieved successfully.")]
    [InlineData("GET", "/api/property/17", 404, "Property not found.")]
    [InlineData("GET", "/api/nothing/here", 404, "Endpoint not found.")]
    [InlineData("GET", "/api", 404, "Endpoint not found.")]
    [InlineData("PATCH", "/api/property", 405, "Method not allowed.")]
    [InlineData("DELETE", "/api/property", 405, "Method not allowed.")]
    [InlineData("GET", "/api/auth/login", 405, "Method not allowed.")]
    public async Task Is_in_the_envelope(string method, string path, int status, string message)
    {
        await using var host = await ControlHost.StartAsync();
        var answer = await host.Client.CallAsync(new HttpMethod(method), path);
        answer.Status.ShouldBe(status);
        answer.Message.ShouldBe(message);
        answer.Succeeded.ShouldBe(status < 400);
        answer.Response.Content.Headers.ContentType!.ToString().ShouldBe("application/json; charset=utf-8");
    }

    [Fact]
    public async Task Names_the_allowed_methods_with_a_405()
    {
        await using var host = await ControlHost.StartAsync();
        var answer = await host.Client.CallAsync(HttpMethod.Put, "/api/property");
        answer.Status.ShouldBe(405);
        answer.Response.Content.Headers.Allow.ShouldBe(["GET", "POST"], ignoreOrder: true);
    }

    [Fact]
    public async Task Has_no_body_on_HEAD_but_says_its_status()
    {
        await using var host = await ControlHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Head, "/api/property");
        using var response = await host.Client.SendAsync(request);
        ((int)response.StatusCode).ShouldBe(405);
        (await response.Content.ReadAsByteArrayAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Holds_data_as_null_when_there_is_none()
    {
        await using var host = await ControlHost.StartAsync();
        var answer = await host.Client.GetAnswerAsync("/api/property/17");
        answer.Whole.EnumerateObject().Select(field => field.Name).ShouldBe(["succeeded", "message", "data"]);
        answer.Data.ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
    }

    [Fact]
    public async Task Says_500_in_the_envelope_when_the_database_fails_and_nothing_of_the_cause()
    {
        var failing = false;
        var surroundings = new ControlPlaneSurroundings
        {
            Flush = transaction =>
            {
                if (Volatile.Read(ref failing))
                    throw new IOException("disk full at a secret place");
                transaction.Commit();
            },
        };
        await using var host = await ControlHost.StartAsync(surroundings: surroundings);
        Volatile.Write(ref failing, true);
        var answer = await host.Client.PostAnswerAsync("/api/account/apikeys", new { name = "x" });
        Volatile.Write(ref failing, false);
        answer.Status.ShouldBe(500);
        answer.Succeeded.ShouldBeFalse();
        answer.Message.ShouldBe("An unexpected error occurred.");
        (await host.Client.PostAnswerAsync("/api/account/apikeys", new { name = "x" })).Status.ShouldBe(201);
    }

    [Fact]
    public async Task Is_not_to_be_had_on_the_port_for_nodes()
    {
        await using var host = await ControlHost.StartAsync();
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Plane.Fleet, "/api/property"))
        {
            Version = new Version(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Add("X-API-Key", host.Operator.ApiKey);
        using var response = await client.SendAsync(request);
        ((int)response.StatusCode).ShouldBe(404);
        (await response.Content.ReadAsStringAsync()).ShouldBeEmpty();
    }
}

public sealed class A_list
{
    [Theory]
    [InlineData("", 1, 10, 10)]
    [InlineData("?pageNumber=2", 2, 10, 3)]
    [InlineData("?pageNumber=3&pageSize=5", 3, 5, 3)]
    [InlineData("?pageSize=1000", 1, 100, 13)]
    [InlineData("?pageSize=0&pageNumber=0", 1, 1, 1)]
    [InlineData("?pageSize=-4&pageNumber=-9223372036854775808", 1, 1, 1)]
    [InlineData("?pageSize=ten&pageNumber=1.5", 1, 10, 10)]
    [InlineData("?pageNumber=2147483647&pageSize=100", 2147483647, 100, 0)]
    [InlineData("?PAGESIZE=4", 1, 4, 4)]
    public async Task Comes_in_pages(string query, int pageNumber, int pageSize, int items)
    {
        await using var host = await ControlHost.StartAsync();
        for (var i = 0; i < 13; i++)
            await host.AddPropertyAsync($"shop-{i}");
        var answer = await host.Client.GetAnswerAsync("/api/property" + query);
        answer.Status.ShouldBe(200);
        answer.Data.GetArrayLength().ShouldBe(items);
        answer.Whole.GetProperty("pageNumber").GetInt32().ShouldBe(pageNumber);
        answer.Whole.GetProperty("pageSize").GetInt32().ShouldBe(pageSize);
        answer.Whole.GetProperty("totalRecords").GetInt32().ShouldBe(13);
        answer.Whole.GetProperty("totalPages").GetInt32().ShouldBe((13 + pageSize - 1) / pageSize);
    }

    [Fact]
    public async Task Shows_times_as_ISO_8601_in_UTC_with_milliseconds()
    {
        await using var host = await ControlHost.StartAsync();
        await host.AddPropertyAsync("shop");
        var answer = await host.Client.GetAnswerAsync("/api/property");
        answer.Data[0].GetProperty("createdAt").GetString()!.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$");
    }
}

/// <summary>Contract 1.3: what is wrong first is said first.</summary>
public sealed class Guards_answer_in_order
{
    private static StringContent Xml(string text) => new(text, Encoding.UTF8, "text/xml");

    [Fact]
    public async Task Wrong_method_before_missing_credential_before_property_before_status_before_body()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        using var stranger = host.NewClient(apiKey: null);
        var hostnames = $"/api/property/{property.Id}/hostname/1";

        (await stranger.CallAsync(HttpMethod.Patch, hostnames, Xml("<a/>"))).Status.ShouldBe(405);
        (await stranger.CallAsync(HttpMethod.Get, "/api/unknown")).Status.ShouldBe(404);
        (await stranger.CallAsync(HttpMethod.Delete, "/api/property/999/hostname/1")).Status.ShouldBe(401);
        (await stranger.CallAsync(HttpMethod.Post, "/api/property", Xml("<a/>"))).Status.ShouldBe(401);
        (await host.Client.CallAsync(HttpMethod.Delete, "/api/property/999/hostname/1", Xml("<a/>"))).Message.ShouldBe(
            "Property not found."
        );
        ControlHost.Opened(
            await host.Changes.SetStateAsync(
                ControlHost.Somebody,
                property.Id,
                Protocol.Link.PropertyState.Disabled,
                CancellationToken.None
            )
        );
        (await host.Client.CallAsync(HttpMethod.Delete, hostnames, Xml("<a/>"))).Status.ShouldBe(403);
        (await host.Client.CallAsync(HttpMethod.Post, "/api/property", Xml("no json"))).Status.ShouldBe(415);
        (await host.Client.CallAsync(HttpMethod.Post, "/api/property", new StringContent("no json"))).Status.ShouldBe(415);
    }

    [Theory]
    [InlineData("Disabled", "This property is currently disabled. Configuration changes are not allowed until it is re-enabled.")]
    [InlineData("Suspended", "This property is currently suspended. Configuration changes are not allowed until it is re-enabled.")]
    public async Task A_closed_property_may_be_read_but_not_changed(string state, string message)
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        var closed = Enum.Parse<Protocol.Link.PropertyState>(state);
        ControlHost.Opened(await host.Changes.SetStateAsync(ControlHost.Somebody, property.Id, closed, CancellationToken.None));
        (await host.Client.GetAnswerAsync($"/api/property/{property.Id}")).Status.ShouldBe(200);
        var answer = await host.Client.DeleteAnswerAsync($"/api/property/{property.Id}");
        answer.Status.ShouldBe(403);
        answer.Message.ShouldBe(message);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.0")]
    [InlineData("abc")]
    [InlineData("%201")]
    [InlineData("1%20")]
    [InlineData("٣")]
    [InlineData("99999999999999999999")]
    public async Task What_is_no_positive_integer_is_an_unknown_property(string id)
    {
        await using var host = await ControlHost.StartAsync();
        await host.AddPropertyAsync("shop");
        var answer = await host.Client.GetAnswerAsync($"/api/property/{id}");
        (answer.Status, answer.Message).ShouldBe((404, "Property not found."));
    }

    [Fact]
    public async Task Another_accounts_property_is_like_one_that_does_not_exist()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        var other = await host.AddAccountAsync("other");
        var foreign = await other.Client.GetAnswerAsync($"/api/property/{property.Id}");
        var unknown = await other.Client.GetAnswerAsync("/api/property/424242");
        (foreign.Status, foreign.Whole.GetRawText()).ShouldBe((404, unknown.Whole.GetRawText()));
        (await other.Client.GetAnswerAsync($"/api/property?accountId={host.Operator.AccountId}")).Data.GetArrayLength().ShouldBe(0);
    }
}

public sealed class A_body
{
    private const int Limit = 4 << 20;

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("APPLICATION/JSON")]
    [InlineData(null)]
    public async Task Is_read_when_it_is_JSON_by_its_type_or_has_none(string? type) =>
        (await PostKeyAsync(Encoding.UTF8.GetBytes("""{"name":"x"}"""), type)).Status.ShouldBe(201);

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/problem+json")]
    [InlineData("json")]
    public async Task Is_refused_when_its_type_is_another(string type)
    {
        var answer = await PostKeyAsync(Encoding.UTF8.GetBytes("""{"name":"x"}"""), type);
        (answer.Status, answer.Message).ShouldBe((415, "Content-Type must be application/json."));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("{'name':'x'}")]
    [InlineData("{\"name\":\"x\",}")]
    public async Task Must_be_a_JSON_object(string text)
    {
        var answer = await PostKeyAsync(Encoding.UTF8.GetBytes(text), "application/json");
        (answer.Status, answer.Message).ShouldBe((400, "Request body must be a JSON object."));
    }

    [Fact]
    public async Task Must_not_be_nested_beyond_reason()
    {
        var text = "{\"name\":" + new string('[', 100_000) + new string(']', 100_000) + "}";
        (await PostKeyAsync(Encoding.UTF8.GetBytes(text), "application/json")).Message.ShouldBe("Request body must be a JSON object.");
    }

    [Theory]
    [InlineData("""{"name":7}""", "Name must be a string.")]
    [InlineData("""{"name":["x"]}""", "Name must be a string.")]
    [InlineData("""{"name":"\ud800"}""", "Name holds characters that are not valid Unicode.")]
    [InlineData("""{"name":"x","scope":true}""", "Scope must be a string.")]
    [InlineData("""{"name":"x","propertyIds":"1"}""", "PropertyIds must be an array.")]
    [InlineData("""{"name":"x","propertyIds":[1.5]}""", "PropertyIds must be an array of property ids.")]
    public async Task Names_the_field_of_the_wrong_kind(string text, string message)
    {
        var answer = await PostKeyAsync(Encoding.UTF8.GetBytes(text), "application/json");
        (answer.Status, answer.Message).ShouldBe((400, message));
    }

    [Theory]
    [InlineData("""{"NAME":"a"}""", "a")]
    [InlineData("""{"name":"a","Name":"b"}""", "b")]
    [InlineData("""{"\ud800":1,"name":"a","unknown":{}}""", "a")]
    public async Task Is_read_without_regard_to_case_the_last_duplicate_wins_and_unknown_fields_are_ignored(string text, string name) =>
        (await PostKeyAsync(Encoding.UTF8.GetBytes(text), "application/json")).Data.GetProperty("name").GetString().ShouldBe(name);

    [Fact]
    public async Task May_begin_with_a_byte_order_mark() =>
        (await PostKeyAsync([0xEF, 0xBB, 0xBF, .. """{"name":"x"}"""u8], "application/json")).Status.ShouldBe(201);

    [Theory]
    [InlineData(Limit, false, 201)]
    [InlineData(Limit, true, 201)]
    [InlineData(Limit + 1, false, 413)]
    [InlineData(Limit + 1, true, 413)]
    [InlineData(15 << 20, false, 413)]
    [InlineData(15 << 20, true, 413)]
    public async Task May_have_4_MiB_and_is_drained_beyond(int length, bool chunked, int status)
    {
        var text = new byte[length];
        Array.Fill(text, (byte)' ');
        """{"name":"x"}"""u8.CopyTo(text);
        var answer = await PostKeyAsync(text, "application/json", chunked);
        answer.Status.ShouldBe(status);
        if (status == 413)
            answer.Message.ShouldBe("Request body is too large. The limit is 4 MiB.");
    }

    [Fact]
    public async Task Too_large_and_of_another_type_is_too_large() =>
        (await PostKeyAsync(new byte[Limit + 1], "text/plain")).Status.ShouldBe(413);

    private static async Task<ApiAnswer> PostKeyAsync(byte[] body, string? type, bool chunked = false)
    {
        await using var host = await ControlHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/account/apikeys") { Content = new ByteArrayContent(body) };
        request.Headers.TransferEncodingChunked = chunked;
        if (type is not null)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        return await ApiAnswer.ReadAsync(await host.Client.SendAsync(request));
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Paradarum.SystemTests.WordPress;

/// <summary>Somebody who is signed in to WordPress and works in it: over its REST API as the block editor does, and over the forms of its administration.</summary>
internal sealed partial class Editor : IDisposable
{
    private readonly WordPressSite _site;
    private readonly HttpClient _client;

    private Editor(WordPressSite site)
    {
        _site = site;
        _client = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() }) { BaseAddress = site.Url };
    }

    /// <summary>What the plugin added to the last request.</summary>
    public Added Added { get; private set; }

    public static async Task<Editor> SignInAsync(WordPressSite site)
    {
        var editor = new Editor(site);
        // The first visit sets the cookie by which WordPress sees that cookies work.
        await editor._client.GetStringAsync("/wp-login.php");
        using var form = Form(("log", "admin"), ("pwd", "password"), ("testcookie", "1"));
        using var answer = await editor._client.PostAsync("/wp-login.php", form);
        answer.EnsureSuccessStatusCode();
        var nonce = await editor._client.GetStringAsync("/wp-admin/admin-ajax.php?action=rest-nonce");
        editor._client.DefaultRequestHeaders.Add("X-WP-Nonce", nonce);
        return editor;
    }

    /// <summary>A call of the REST API that must succeed.</summary>
    public async Task<JsonNode> RestAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, $"/wp-json{path}") { Content = body is null ? null : JsonContent.Create(body) };
        return await SendAsync(request);
    }

    public Task<JsonNode> PostAsync(string path, object body) => RestAsync(HttpMethod.Post, path, body);

    public async Task<JsonNode> UploadAsync(string name, byte[] file)
    {
        using var content = new ByteArrayContent(file);
        content.Headers.Add("Content-Type", "image/jpeg");
        content.Headers.Add("Content-Disposition", $"attachment; filename={name}");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/wp-json/wp/v2/media") { Content = content };
        return await SendAsync(request);
    }

    /// <summary>Follows a link of a page of the administration, such as the one that activates a theme.</summary>
    public async Task FollowAsync(string page, string linkHolds)
    {
        var html = await _client.GetStringAsync(page);
        var link = Links()
            .Matches(html)
            .Select(match => WebUtility.HtmlDecode(match.Groups["link"].Value))
            .First(link => link.Contains(linkHolds, StringComparison.Ordinal));
        var target = new Uri(new Uri(_site.Url, page), link).PathAndQuery;
        using var answer = await _client.GetAsync(target);
        answer.EnsureSuccessStatusCode();
        Added = _site.AddedTo("GET", target);
    }

    /// <summary>Sends a form of the administration, with the nonces that stand in its page; the page that came back.</summary>
    public async Task<string> SubmitAsync(string page, string action, string nonceOf, params (string Name, string Value)[] fields)
    {
        var html = await _client.GetStringAsync(page);
        var from = nonceOf.Length == 0 ? 0 : html.IndexOf(nonceOf, StringComparison.Ordinal);
        var nonce = Nonce().Match(html, Math.Max(0, from)).Groups["nonce"].Value;
        using var form = Form([.. fields, ("_wpnonce", nonce), ("_wp_http_referer", page)]);
        using var answer = await _client.PostAsync(action, form);
        var back = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue(back);
        Added = _site.AddedTo("POST", action);
        return back;
    }

    /// <summary>For a request that somebody else sent.</summary>
    public void Took(Added added) => Added = added;

    public Task<string> PageAsync(string target) => _client.GetStringAsync(target);

    public void Dispose() => _client.Dispose();

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) =>
        new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));

    private async Task<JsonNode> SendAsync(HttpRequestMessage request)
    {
        var target = request.RequestUri!.OriginalString;
        using var answer = await _client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue($"{target}: {text}");
        Added = _site.AddedTo(request.Method.Method, target);
        return JsonNode.Parse(text)!;
    }

    [GeneratedRegex("name=\"_wpnonce\" value=\"(?<nonce>[0-9a-f]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Nonce();

    [GeneratedRegex("href=[\"'](?<link>[^\"']+)[\"']", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Links();
}

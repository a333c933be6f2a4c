using System.Text;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Hostile;

/// <summary>Requests to a PoP: odd targets, fields and methods, broken percent-encoding, over-long URLs and attempts to smuggle a second request.</summary>
internal sealed class HostileVisits(int seed)
{
    private static readonly string[] Pieces =
    [
        "a",
        "B",
        "/",
        "//",
        "%",
        "%2",
        "%zz",
        "%2F",
        "%2e%2E",
        "%00",
        "%0d%0aX-Smuggled:%201",
        "%C3%A9",
        "%C3",
        "%ff",
        "..",
        "/../",
        "/./",
        ";",
        "+",
        "?",
        "=",
        "&",
        "~",
        "%7e",
        "\\",
        "|",
        "\"",
        "<",
        "{",
        "'",
        "*",
        "index.php",
        "é",
    ];

    private static readonly string[] Fields =
    [
        "Range: bytes=0-0",
        "Range: bytes=-",
        "Range: bytes=9-1,5-99999999999999999999",
        "If-None-Match: *",
        "If-None-Match: \"",
        "If-Range: \"x\"",
        "If-Modified-Since: never",
        "If-Match: *",
        "Cache-Control: max-age=-1, no-store=\"",
        "Cache-Control: max-stale=99999999999999999999",
        "Pragma: no-cache",
        "Accept-Encoding: gzip;q=9, br;q=, *;q=0",
        "Accept: \0",
        "Cookie: a=b; ;;=",
        "Authorization: x",
        "Via: 1.1 \"",
        "TE: trailers",
        "Connection: Host, Via, X-Cache",
        "Connection: ,,,",
        "Upgrade: websocket",
        "Upgrade: h2c",
        "Expect: 100-continue",
        "X-Forwarded-For: 1.1.1.1",
        "X-Forwarded-Host: evil.example",
        "Forwarded: host=evil.example",
        "X-Purge-Position: AAAA",
        "X-Purge-Position: 1,2",
        "X-Paradarum-Tier: 1;x",
        "X-Paradarum-Seal: AA",
        "X-Paradarum-Refused: epoch",
        "X-Original-URL: /admin",
        "X-Rewrite-URL: /admin",
        "X-HTTP-Method-Override: DELETE",
        "CDN-Loop: x; y=\"",
        "Vary: *",
    ];

    private readonly Random _random = new(seed);

    public HostileRequest Next() =>
        _random.Next(100) switch
        {
            < 60 => Visit("odd target", Method(), Target(), Some(Fields)),
            < 70 => Visit("stored", "GET", "/stored/" + _random.Next(20), Some(Fields)),
            < 72 => Visit("long URL", "GET", "/" + new string('u', _random.OneOf(2_040, 2_060, 4_000, 7_900)), [], Manner.WellFormed),
            < 74 => Visit("longer URL", "GET", "/" + new string('u', 9_000), [], Manner.Malformed),
            < 80 => WithBody(),
            < 86 => Visit(
                "other host",
                "GET",
                Target(),
                Some(Fields),
                host: _random.OneOf("nobody.example", "..", "a b", "[::1", "site.cdn.localhost:99999", "")
            ),
            < 94 => Smuggling(),
            _ => CutOff(),
        };

    /// <summary>The target of a good one, whose answer is checked against it.</summary>
    public static string? TargetOf(HostileRequest request)
    {
        var line = Encoding.Latin1.GetString(request.Bytes.AsSpan(0, request.Bytes.AsSpan().IndexOf((byte)'\r'))).Split(' ');
        return line is ["GET", var target, _] ? target : null;
    }

    private string Method() =>
        _random.Chance(70)
            ? "GET"
            : _random.OneOf("HEAD", "OPTIONS", "TRACE", "PURGE", "BAN", "DELETE", "get", "PROPFIND", "X" + _random.Next(100));

    private string Target()
    {
        var target = string.Concat(Enumerable.Range(0, _random.Next(9)).Select(_ => _random.OneOf<string>(Pieces)));
        return _random.Next(12) switch
        {
            0 => "http://" + TestFleet.Host + "/" + target,
            1 => "/" + new string('.', _random.Next(5)) + "/" + target,
            2 => "/?" + target,
            _ => "/" + target,
        };
    }

    private string[] Some(string[] of) => [.. Enumerable.Range(0, _random.Next(4)).Select(_ => _random.OneOf<string>(of))];

    private HostileRequest WithBody()
    {
        var body = new string('b', _random.Next(2_000));
        return Visit(
            "body",
            _random.OneOf("POST", "PUT", "GET", "DELETE"),
            "/form/" + _random.Next(10),
            [$"Content-Length: {body.Length}"],
            body: body
        );
    }

    private HostileRequest Smuggling()
    {
        const string Inner = "GET /smuggled HTTP/1.1\r\nHost: " + TestFleet.Host + "\r\nX-Smuggled: 1\r\n\r\n";
        var chunk = $"{Inner.Length:x}\r\n{Inner}\r\n0\r\n\r\n";
        string[] fields = _random.Next(10) switch
        {
            0 => ["Content-Length: 4", "Transfer-Encoding: chunked"],
            1 => ["Transfer-Encoding: chunked", "Content-Length: 0"],
            2 => ["Transfer-Encoding : chunked"],
            3 => ["Transfer-Encoding: xchunked"],
            4 => ["Transfer-Encoding: chunked, identity"],
            5 => ["Content-Length: 4", $"Content-Length: {chunk.Length}"],
            6 => [$"Content-Length: +{chunk.Length}"],
            7 => [$"Content-Length: {chunk.Length}, {chunk.Length}"],
            8 => ["X: a\nTransfer-Encoding: chunked", $"Content-Length: {chunk.Length}"],
            _ => ["Transfer-Encoding:\u000bchunked"],
        };
        return Visit("smuggling", _random.OneOf("POST", "GET"), "/form/0", ["Connection: close", .. fields], Manner.Malformed, chunk);
    }

    private HostileRequest CutOff()
    {
        var whole = Visit("cut off", "POST", "/cut", ["Content-Length: 500"], body: new string('c', 500)).Bytes;
        return new HostileRequest("cut off", whole[.._random.Next(1, whole.Length)], Manner.CutOff);
    }

    private static HostileRequest Visit(
        string kind,
        string method,
        string target,
        string[] fields,
        Manner manner = Manner.WellFormed,
        string body = "",
        string host = TestFleet.Host
    )
    {
        var text = $"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{string.Concat(fields.Select(field => field + "\r\n"))}\r\n{body}";
        return new HostileRequest(kind, Encoding.Latin1.GetBytes(text), manner);
    }
}

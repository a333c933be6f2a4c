using System.Globalization;
using System.Text;

namespace Paradarum.SystemTests.Hostile;

/// <summary>Requests to the purge API: everything that a broken, confused or hostile client may send, with good purges in between.</summary>
internal sealed class HostilePurges(int seed, long propertyId, string apiKey)
{
    /// <summary>They run for ages on texts of many a's and b's.</summary>
    public static readonly string[] Patterns =
    [
        "(a+)+$",
        "[ab]*a[ab]{900}$",
        "(a|aa)+$",
        "([a-b]+)*c$",
        "^(.*a){12}b$",
        "(a+)+b?(a+)+$",
        "((ab)*|(ba)*)*c",
        "(?=(a+))a*b\\1$",
        "^(([ab])+.)+[A-Z]([ab])+$",
    ];

    private static readonly string[] Types = ["All", "Extension", "Path", "Regex", "all", "REGEX", "path", "", " ", "Tag", "1", "Wildcard"];
    private static readonly string[] MatchTypes = ["equals", "contains", "starts_with", "ends_with", "regex", "", "Regex", "glob", "0"];

    private readonly Random _random = new(seed);

    public HostileRequest Next() =>
        _random.Next(1000) switch
        {
            < 300 => Post("random JSON", RandomBody()),
            < 380 => Post("bytes", _random.Bytes(400)),
            < 440 => Post("cut JSON", Cut(Good())),
            < 500 => Post("nesting", Nested()),
            < 560 => Post("escaped halves of pairs", $$"""{"type":"Path","value":"/{{Escapes()}}","matchType":"{{Escapes()}}"}"""),
            < 640 => Elsewhere(),
            < 720 => OddHeaders(),
            < 790 => Post("good", Good()),
            < 840 => Post("pattern", Purge("Regex", Pattern(), "regex")),
            < 846 => Post("patterns", Batch(Enumerable.Range(0, 200).Select(_ => Purge("Regex", Pattern(), "regex"))), "/batch"),
            < 900 => Post("batch", Batch(Enumerable.Range(0, _random.Next(30)).Select(_ => RandomBody())), "/batch"),
            < 903 => Post(
                "great batch",
                Batch(Enumerable.Repeat("""{"type":"Path","value":"/p"}""", _random.OneOf(10_000, 10_001))),
                "/batch"
            ),
            < 907 => Post("huge value", Purge("Path", "/" + new string('a', _random.Next(3_000, 500_000)), null)),
            < 908 => Post("huge body", new string(' ', _random.OneOf((4 << 20) + 1, 6 << 20)) + Good()),
            < 960 => Malformed(),
            _ => CutOff(),
        };

    private string Pattern() => _random.OneOf(Patterns) + (_random.Chance(50) ? "" : $"|/{_random.Next(1_000_000)}");

    private string Good() =>
        _random.Next(8) switch
        {
            0 => """{"type":"All","value":{"ignored":[1]}}""",
            1 => Purge("Extension", _random.OneOf("jpg", ".tar.gz", "PNG"), null),
            2 => Purge("Path", "/" + Uri.EscapeDataString("ä" + _random.Next(1000)), null),
            3 => Purge("Path", $"/p?{_random.Visible(0, 30).Replace('#', 'x')}", null),
            4 => Purge(
                "Regex",
                "/" + new string('a', _random.Next(1, 2000)),
                _random.OneOf("equals", "contains", "starts_with", "ends_with")
            ),
            5 => $$"""{"TYPE":"Path","type":"path","value":"/n{{_random.Next(1000)}}","unknown":null}""",
            6 => Purge("Regex", "(?i)^/[a-z]+/[0-9]{2,5}$", null),
            _ => Purge("Regex", "/x/" + _random.Next(1000), "starts_with"),
        };

    /// <summary>The three fields, each left out or of any kind.</summary>
    private string RandomBody()
    {
        if (_random.Chance(8))
            return Value(depth: 0);
        var fields = new List<string>();
        foreach (var (name, good) in new[] { ("type", Types), ("value", Patterns), ("matchType", MatchTypes) })
        {
            if (!_random.Chance(12))
                fields.Add($"\"{name}\":{(_random.Chance(65) ? Quoted(_random.OneOf<string>(good)) : Value(depth: 0))}");
        }
        return $"{{{string.Join(',', fields)}}}";
    }

    private string Value(int depth) =>
        _random.Next(depth > 3 ? 7 : 9) switch
        {
            0 => "null",
            1 => _random.OneOf("true", "false", "NaN", "-", "undefined"),
            2 => _random.OneOf("0", "-1", "1e999", "1E-400", "00", "123456789012345678901234567890", "0.1"),
            3 => "\"\"",
            4 => Quoted(_random.Text(40)),
            5 => Quoted("/" + _random.Text(20)),
            6 => $"\"{Escapes()}\"",
            7 => $"[{string.Join(',', Enumerable.Range(0, _random.Next(4)).Select(_ => Value(depth + 1)))}]",
            _ => $"{{{string.Join(',', Enumerable.Range(0, _random.Next(4)).Select(n => $"\"{n}\":{Value(depth + 1)}"))}}}",
        };

    private string Escapes() =>
        string.Concat(
            Enumerable
                .Range(0, _random.Next(1, 4))
                .Select(_ => _random.OneOf("\\ud800", "\\udfff", "\\ud83d\\ude00", "\\u0000", "\\uZZZZ", "\\u00e9", "%", "%zz", "a"))
        );

    private byte[] Nested()
    {
        var depth = _random.Next(60, 20_000);
        var (open, close) = _random.OneOf(("[", "]"), ("{\"value\":", "}"));
        return Encoding.ASCII.GetBytes(
            string.Concat(Enumerable.Repeat(open, depth)) + "1" + (_random.Chance(70) ? string.Concat(Enumerable.Repeat(close, depth)) : "")
        );
    }

    private byte[] Cut(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var cut = bytes[.._random.Next(bytes.Length)];
        return _random.Chance(50) ? cut : [.. cut, 0xC3, 0x28, (byte)_random.Next(256), .. bytes[cut.Length..]];
    }

    private HostileRequest Elsewhere()
    {
        var id = _random.OneOf(
            "0",
            "-1",
            "+1",
            "99999999999999999999999",
            "9223372036854775807",
            "1e0",
            "%31%20",
            "%EF%BC%91",
            "%D9%A1",
            "1;drop",
            Uri.EscapeDataString(_random.Visible(1, 200)),
            propertyId.ToString(CultureInfo.InvariantCulture)
        );
        var tail = _random.OneOf(
            "/purge",
            "/purge/batch",
            "/PURGE",
            "/purge/" + Uri.EscapeDataString(_random.Visible(1, 90)),
            "/nothing",
            "/purge/batch/x"
        );
        var method = _random.OneOf("POST", "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "PURGE");
        var query = _random.OneOf("", "?accountId=1", "?wait=30x", "?wait=1ms", "?wait=99999999999s", "?%zz=%", "?wait=-1s");
        return Write("elsewhere", method, $"/api/property/{id}{tail}{query}", [], Encoding.UTF8.GetBytes(Good()));
    }

    private HostileRequest OddHeaders()
    {
        var (name, value) = _random.Next(8) switch
        {
            0 => ("Idempotency-Key", _random.Visible(0, 90)),
            1 => ("Idempotency-Key", "key-" + _random.Next(5)),
            2 => ("Idempotency-Key", _random.OneOf("a b", " ", "a\tb", new string('k', 5_000))),
            3 => (
                "Content-Type",
                _random.OneOf(
                    "text/plain",
                    "application/json;charset=utf-7",
                    "application/json;;;=",
                    "\"",
                    "application/",
                    "*/*",
                    "multipart/form-data; boundary=x"
                )
            ),
            4 => ("Content-Encoding", _random.OneOf("gzip", "br", "x")),
            5 => (
                "Authorization",
                _random.OneOf("Bearer", "Bearer pdm_x", "Bearer a.b.c", "Basic !!!", "Bearer " + _random.Visible(1, 500))
            ),
            6 => ("Expect", "100-continue"),
            _ => ("X-" + _random.Next(100), _random.Visible(1, 4_000)),
        };
        var keys = _random.Chance(15) ? _random.OneOf("", "pdm_", _random.Visible(1, 60), new string('x', 8_000)) : apiKey;
        return Write(
            "odd headers",
            "POST",
            $"/api/property/{propertyId}/purge",
            [(name, value), ("X-API-Key", keys)],
            Encoding.UTF8.GetBytes(Good())
        );
    }

    /// <summary>What is no HTTP: refused by the server before there is a request.</summary>
    private HostileRequest Malformed()
    {
        var path = $"/api/property/{propertyId}/purge";
        var tail = $"Host: localhost\r\nX-API-Key: {apiKey}\r\nConnection: close\r\n";
        const string Body = """{"type":"All"}""";
        var text = _random.Next(12) switch
        {
            0 => $"POST {path} HTTP/1.1\r\n{tail}Content-Length: -5\r\n\r\n{Body}",
            1 => $"POST {path} HTTP/1.1\r\n{tail}Content-Length: 14\r\nContent-Length: 3\r\n\r\n{Body}",
            2 => $"POST {path} HTTP/1.1\r\n{tail}Transfer-Encoding: chunked\r\n\r\nzz\r\n{Body}\r\n0\r\n\r\n",
            3 => $"POST {path} HTTP/1.1\r\n{tail}Transfer-Encoding: gzip, identity\r\n\r\n{Body}",
            4 => $"POST {path} HTTP/9.9\r\n{tail}\r\n",
            5 => $"POST {path}\0 HTTP/1.1\r\n{tail}Content-Length: 14\r\n\r\n{Body}",
            6 => $"POST {path} HTTP/1.1\r\nHost: a\r\nHost: b\r\n{tail}Content-Length: 14\r\n\r\n{Body}",
            7 => $"POST {path} HTTP/1.1\r\n{tail}Bad Name: 1\r\nContent-Length: 14\r\n\r\n{Body}",
            8 => $"POST {path} HTTP/1.1\r\n{tail}X: a\r\n folded\r\nContent-Length: 14\r\n\r\n{Body}",
            9 => $"POST {path}?{new string('q', 10_000)} HTTP/1.1\r\n{tail}Content-Length: 14\r\n\r\n{Body}",
            10 =>
                $"POST {path} HTTP/1.1\r\n{string.Concat(Enumerable.Range(0, 150).Select(n => $"X{n}: 1\r\n"))}{tail}Content-Length: 14\r\n\r\n{Body}",
            _ => Encoding.Latin1.GetString(_random.Bytes(300)) + "\r\n\r\n\r\n\r\n",
        };
        return new HostileRequest("malformed", Encoding.Latin1.GetBytes(text), Manner.Malformed);
    }

    private HostileRequest CutOff()
    {
        var whole = Post("", _random.Chance(50) ? Good() : RandomBody()).Bytes;
        // Never the whole: whether that were accepted nobody would hear.
        return new HostileRequest("cut off", whole[.._random.Next(1, whole.Length - 1)], Manner.CutOff);
    }

    private HostileRequest Post(string kind, string body, string tail = "") => Post(kind, Encoding.UTF8.GetBytes(body), tail);

    private HostileRequest Post(string kind, byte[] body, string tail = "") =>
        Write(kind, "POST", $"/api/property/{propertyId}/purge{(_random.Chance(10) ? "/batch" : tail)}", [], body);

    private HostileRequest Write(string kind, string method, string target, (string Name, string Value)[] headers, byte[] body)
    {
        var head = new StringBuilder().Append(method).Append(' ').Append(target).Append(" HTTP/1.1\r\nHost: localhost\r\n");
        if (!headers.Any(header => header.Name == "X-API-Key"))
            head.Append("X-API-Key: ").Append(apiKey).Append("\r\n");
        foreach (var (name, value) in headers)
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        if (_random.Chance(90) || body.Length == 0)
            return new HostileRequest(kind, [.. Latin($"{head}Content-Length: {body.Length}\r\n\r\n"), .. body]);
        return new HostileRequest(
            kind,
            [.. Latin($"{head}Transfer-Encoding: chunked\r\n\r\n{body.Length:x}\r\n"), .. body, .. "\r\n0\r\n\r\n"u8]
        );
    }

    private static byte[] Latin(string text) => Encoding.Latin1.GetBytes(text);

    private static string Batch(IEnumerable<string> items) => $"{{\"items\":[{string.Join(',', items)}]}}";

    private static string Purge(string type, string value, string? matchType) =>
        $"{{\"type\":\"{type}\",\"value\":{Quoted(value)}{(matchType is null ? "" : $",\"matchType\":\"{matchType}\"")}}}";

    /// <summary>Halves of pairs as escapes, which is the only way that JSON can carry them.</summary>
    private static string Quoted(string text) =>
        string.Concat(
            text.Select(character =>
                    char.IsSurrogate(character) || character < ' ' ? $"\\u{(int)character:x4}"
                    : character is '"' or '\\' ? $"\\{character}"
                    : character.ToString()
                )
                .Prepend("\"")
                .Append("\"")
        );
}

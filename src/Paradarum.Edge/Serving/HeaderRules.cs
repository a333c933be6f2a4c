using System.Collections.Frozen;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Paradarum.Edge.Serving;

/// <summary>Which fields go on, in either direction (RFC 9110 §7.6.1), and which are the fleet's own.</summary>
internal static class HeaderRules
{
    /// <summary>Fields between nodes: never from visitors, never to origins, never in an answer.</summary>
    public const string InternalPrefix = "X-Paradarum-";

    public const string PurgePosition = "X-Purge-Position";

    private static readonly FrozenSet<string> HopByHop = Names(
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Proxy-Authenticate",
        "Proxy-Authentication-Info",
        "Proxy-Authorization",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "HTTP2-Settings"
    );

    private static readonly FrozenSet<string> OfTheMessage = Names("Host", "Content-Length", "Expect");

    // A visitor's word about where it comes from, or what it really asks for, counts for nothing: the node says what it saw and what it keyed. Applications and
    // their frameworks believe these fields, and what they answer would lie in the store under a key that names none of them. All that begins with X-Forwarded- is among them.
    private static readonly FrozenSet<string> SetByTheNode = Names(
        "Host",
        "X-Host",
        "X-Original-Host",
        "X-HTTP-Host-Override",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Scheme",
        "X-URL-Scheme",
        "Front-End-Https",
        "X-Real-IP",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "X-Original-Forwarded-For",
        "X-ProxyUser-IP",
        "Client-IP",
        "True-Client-IP",
        "Forwarded",
        RequestId.Field,
        "Expect"
    );

    private const string Forwarded = "X-Forwarded-";

    // A fetch for the store asks for the whole, present representation, whatever its first visitor holds of it.
    private static readonly FrozenSet<string> OfOneVisitor = Names(
        "If-None-Match",
        "If-Modified-Since",
        "If-Match",
        "If-Unmodified-Since",
        "If-Range",
        "Range",
        "Accept-Encoding",
        "Content-Length",
        "Content-Type",
        // What is stored is the answer to a GET.
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override"
    );

    /// <summary>Whether a field of a visitor's request goes upstream. <paramref name="trusted"/>: it came from a PoP of the fleet, whose X-Forwarded fields are true.</summary>
    public static bool GoesUpstream(string name, StringValues connection, bool trusted) =>
        !HopByHop.Contains(name)
        && !IsInternal(name)
        && !SetByTheNode.Contains(name)
        && (trusted || !name.StartsWith(Forwarded, StringComparison.OrdinalIgnoreCase))
        && !IsListed(connection, name);

    /// <summary>
    /// Takes out of a visitor's request what its Connection lists (§7.6.1), so that nothing is decided by a field that the origin never saw: a Vary on it would
    /// keep one variant under the name of another. What makes up the connection and the message itself stays.
    /// </summary>
    public static void DropListed(IHeaderDictionary request)
    {
        if (request.Connection.Count == 0)
            return;
        foreach (var line in request.Connection)
        {
            foreach (var listed in (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!HopByHop.Contains(listed) && !OfTheMessage.Contains(listed))
                    request.Remove(listed);
            }
        }
    }

    public static bool IsOfOneVisitor(string name) => OfOneVisitor.Contains(name);

    /// <summary>Whether a field of an upstream's response goes on. X-Cache is each node's own word, and an id names the request of one visitor.</summary>
    public static bool GoesDownstream(string name, StringValues connection) =>
        !HopByHop.Contains(name)
        && !IsInternal(name)
        && !name.Equals("X-Cache", StringComparison.OrdinalIgnoreCase)
        && !name.Equals(RequestId.Field, StringComparison.OrdinalIgnoreCase)
        && !IsListed(connection, name);

    /// <summary>The fields of a response that go on, as received: bytes above ASCII are kept (read as Latin-1).</summary>
    public static HeaderDictionary Received(HttpResponseMessage response)
    {
        var headers = new HeaderDictionary();
        var connection = StringValues.Empty;
        if (response.Headers.NonValidated.TryGetValues("Connection", out var listed))
            connection = new StringValues([.. listed]);
        Copy(response.Headers.NonValidated, headers, connection);
        Copy(response.Content.Headers.NonValidated, headers, connection);
        if (response.Headers.TransferEncodingChunked == true)
            headers.ContentLength = null;
        return headers;
    }

    private static void Copy(HttpHeadersNonValidated from, HeaderDictionary to, StringValues connection)
    {
        foreach (var (name, values) in from)
        {
            if (GoesDownstream(name, connection))
                to[name] = values.Count == 1 ? new StringValues(values.ToString()) : new StringValues([.. values]);
        }
    }

    private static bool IsInternal(string name) =>
        name.StartsWith(InternalPrefix, StringComparison.OrdinalIgnoreCase)
        || name.Equals(PurgePosition, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether Connection names the field (§7.6.1): it was meant for us alone.</summary>
    private static bool IsListed(StringValues connection, string name)
    {
        foreach (var line in connection)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                if (line.AsSpan()[range].Trim(" \t").Equals(name, StringComparison.OrdinalIgnoreCase))
                    return true;
            }
        }
        return false;
    }

    private static FrozenSet<string> Names(params string[] names) => names.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}

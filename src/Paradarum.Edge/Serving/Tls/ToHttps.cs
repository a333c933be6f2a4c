using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Paradarum.Edge.Serving.Tls;

/// <summary>A property that asks for it has its visitors sent from http to https, never for a hostname without a certificate: there they would find nothing.</summary>
internal static class ToHttps
{
    private const string Hsts = "Strict-Transport-Security";

    // Browsers keep a permanent redirect for as long as they are let: no longer than a wrong setting may hurt.
    private const string Keep = "max-age=300";

    /// <summary>Where the visitor is to go; null: it is answered here.</summary>
    public static string? Location(HttpVisit visit, EdgeOptions options)
    {
        if (
            !visit.Property.Configuration.Https.Redirect
            || options is not { Role: EdgeRole.Pop, HttpsPort: { } port }
            || visit.Context.Request.IsHttps
        )
            return null;
        if (visit.Snapshot.Hosts.GetValueOrDefault(visit.Key.Host)?.Certificate is null)
            return null;
        return port == 443
            ? $"https://{visit.Key.Host}{visit.Target.PathAndQuery}"
            : string.Create(CultureInfo.InvariantCulture, $"https://{visit.Key.Host}:{port}{visit.Target.PathAndQuery}");
    }

    /// <summary>301, which everybody knows, where method and body are none to lose; else 308, which keeps both (RFC 9110 section 15.4).</summary>
    public static Task SendAsync(HttpVisit visit, string location, Answers answers)
    {
        var request = visit.Context.Request;
        var response = visit.Context.Response;
        var status =
            HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)
                ? StatusCodes.Status301MovedPermanently
                : StatusCodes.Status308PermanentRedirect;
        response.Headers.Location = location;
        return answers.RefuseAsync(visit.Context, status, $"This site is at {location}", Keep);
    }

    /// <summary>Not over what the origin says, and not over http, where it counts for nothing (RFC 6797 section 7.2).</summary>
    public static void AddHsts(HttpVisit visit, IHeaderDictionary headers)
    {
        if (
            visit.Property.Configuration.Https.Hsts is { } value
            && visit.Tier is null
            && visit.Context.Request.IsHttps
            && !headers.ContainsKey(Hsts)
        )
            headers[Hsts] = value;
    }
}

using System.Security.Cryptography;
using System.Text;
using Paradarum.Edge.Purging;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Edge.Serving;

/// <summary>Where a request can be sent: a shield of the fleet, or an origin of the property.</summary>
/// <param name="Base">Scheme, host and port, for example <c>http://127.0.0.1:9000</c>.</param>
/// <param name="Shield">The shield, or null for an origin.</param>
/// <param name="HostHeader">What it is asked as; empty: the visitor's canonical host.</param>
/// <param name="VerifiesTls">Whether its certificate must be good.</param>
internal sealed record Upstream(string Base, ShieldAddress? Shield, string HostHeader, bool VerifiesTls)
{
    public bool IsShield => Shield is not null;

    public bool IsTls => Base.StartsWith("https:", StringComparison.Ordinal);

    public string Authority(string visitorsHost) => HostHeader.Length == 0 ? visitorsHost : HostHeader;
}

/// <summary>Puts the upstreams of a request in the order in which they are tried.</summary>
internal sealed class UpstreamChoice(EdgeOptions options, FleetDirectory fleet, TimeProvider time)
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, long> _restsUntil = new(StringComparer.Ordinal);

    /// <summary>
    /// A PoP: the property's chosen shield, the other shields by rendezvous hash of the host, then the origins in order. A shield: the origins. Shields that
    /// lately did not answer are left out for a while.
    /// </summary>
    public List<Upstream> For(PropertyView property, string host)
    {
        var order = new List<Upstream>();
        var known = fleet.Current;
        if (options.Role == EdgeRole.Pop && property.Configuration.ShieldEnabled && !known.FleetKey.IsEmpty)
        {
            var chosen = property.Configuration.ShieldId;
            foreach (
                var shield in known
                    .Shields.Where(shield => !Rests(shield))
                    .OrderByDescending(shield => string.Equals(shield.Id, chosen, StringComparison.Ordinal))
                    .ThenByDescending(shield => Weight(host, shield.Id))
            )
            {
                order.Add(new(shield.Url.GetLeftPart(UriPartial.Authority), shield, "", VerifiesTls: true));
            }
        }
        foreach (var origin in property.Configuration.Origins)
            order.Add(new(Address(origin), null, origin.HostHeader, origin.SslVerify));
        return order;
    }

    /// <summary>The shield could not be reached or kept silent: others are asked for <see cref="EdgeOptions.ShieldRestsFor"/>.</summary>
    public void Rest(ShieldAddress shield) => _restsUntil[shield.Id] = time.GetTimestamp() + Ticks(options.ShieldRestsFor);

    private bool Rests(ShieldAddress shield) => _restsUntil.TryGetValue(shield.Id, out var until) && time.GetTimestamp() < until;

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    private static string Address(Origin origin) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{origin.Scheme}://{origin.Host}:{origin.Port}");

    private static ulong Weight(string host, string shieldId) =>
        BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"{host}\n{shieldId}")));
}

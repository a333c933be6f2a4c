using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Paradarum.Edge.Purging;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Edge.Serving.Tls;

/// <summary>
/// The certificates of all hostnames, by server name. Which one a name has is in the node's snapshot, so that a change is in force with the record that made it; what is made of a certificate is kept
/// here from its first handshake on.
/// </summary>
internal sealed class CertificateShelf(NodeState state, FleetDirectory fleet, ILogger<CertificateShelf> log)
{
    private readonly ConcurrentDictionary<PropertyCertificate, Lazy<Made>> _made = new();

    /// <summary>How many are kept ready.</summary>
    public int Kept => _made.Count;

    /// <param name="serverName">As the client sent it; empty when it sent none.</param>
    /// <param name="why">Why there is none: no Active hostname of that name has a certificate that this node can use.</param>
    public ServedCertificate? Find(string serverName, out HandshakeFailure why)
    {
        var hosts = state.Current.Hosts;
        // Names are kept in lower case; clients send them so, but need not.
        var name = serverName.AsSpan().ContainsAnyInRange('A', 'Z') ? serverName.ToLowerInvariant() : serverName;
        if (!hosts.TryGetValue(name, out var host) || !host.Active)
        {
            why = HandshakeFailure.UnknownName;
            return null;
        }
        why = HandshakeFailure.NoCertificate;
        if (host.Certificate is not { } certificate)
            return null;
        var known = fleet.Current;
        if (!_made.TryGetValue(certificate, out var kept))
        {
            kept = _made.GetOrAdd(certificate, _ => new Lazy<Made>(() => Make(certificate, known)));
            Forget();
        }
        var made = kept.Value;
        // Told something new by the control plane, it may open now.
        if (made.Served is null && !ReferenceEquals(made.With, known) && _made.TryRemove(KeyValuePair.Create(certificate, kept)))
            return Find(serverName, out why);
        why = HandshakeFailure.UnusableKey;
        return made.Served;
    }

    private Made Make(PropertyCertificate certificate, FleetKnowledge known)
    {
        var served = ServedCertificate.Make(certificate, known.CertificateKey.Span);
        if (served is null)
            log.CertificateUnusable(certificate.Id);
        return new Made(served, known);
    }

    /// <summary>What no hostname has any more. Only when something new was made, which is rare.</summary>
    private void Forget()
    {
        var wanted = state.Current.Hosts.Values.Select(host => host.Certificate).OfType<PropertyCertificate>().ToHashSet();
        foreach (var (certificate, _) in _made)
        {
            if (!wanted.Contains(certificate))
                _made.TryRemove(certificate, out _);
        }
    }

    private sealed record Made(ServedCertificate? Served, FleetKnowledge With);
}

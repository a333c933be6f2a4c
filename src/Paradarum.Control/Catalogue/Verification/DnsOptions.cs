using System.Collections.Immutable;
using System.Net;

namespace Paradarum.Control.Catalogue.Verification;

/// <summary>Whom the control plane asks for the addresses of hostnames.</summary>
internal sealed record DnsOptions
{
    /// <summary>Resolvers, asked in order, the next when one has not answered for a second; empty, the default: those of this machine (<c>/etc/resolv.conf</c>).</summary>
    public ImmutableArray<IPEndPoint> Servers { get; init; } = [];
}

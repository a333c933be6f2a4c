using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;

namespace Paradarum.Control.Catalogue.Verification;

/// <summary>What a name was found to be.</summary>
/// <param name="Addresses">IPv4 and IPv6.</param>
/// <param name="Trouble">Why there are none, to come after the name in a sentence; null when there are some.</param>
internal sealed record NameAnswer(ImmutableArray<IPAddress> Addresses, string? Trouble)
{
    public static NameAnswer None(string trouble) => new([], trouble);
}

/// <summary>
/// Asks the DNS for the addresses of a name: not the hosts file, which visitors do not have, and nothing that was remembered, for whoever verifies again has just
/// changed it.
/// </summary>
internal sealed class NameLookup(DnsOptions options, ILogger<NameLookup> log)
{
    /// <summary>How long a server may take before the next one is asked: several have theirs within the time of a verification.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);

    /// <summary>More than any real name has; a circle of aliases ends here.</summary>
    private const int MostAliases = 16;

    // Made when first asked, and again after it could not be: a machine without a resolver still has a control plane.
    private readonly Lazy<LookupClient> _dns = new(() => NewClient(options), LazyThreadSafetyMode.PublicationOnly);

    /// <param name="name">A canonical host name.</param>
    /// <param name="within">When it is given up.</param>
    public async Task<NameAnswer> FindAsync(string name, CancellationToken within)
    {
        // RFC 6761 section 6.3: these are loopback for browsers and curl, and no question for a name server.
        if (name == "localhost" || name.EndsWith(".localhost", StringComparison.Ordinal))
            return new([IPAddress.Loopback, IPAddress.IPv6Loopback], null);
        var answers = await Task.WhenAll(AskAsync(name, QueryType.A, within), AskAsync(name, QueryType.AAAA, within));
        var addresses = answers.SelectMany(answer => answer.Addresses).Distinct().ToImmutableArray();
        if (addresses.Length > 0)
            return new(addresses, null);
        return NameAnswer.None(
            answers.Select(answer => answer.Trouble).FirstOrDefault(trouble => trouble is not null) ?? "has no A and no AAAA record in DNS"
        );
    }

    /// <summary>One kind of address, along aliases: a resolver sends all of a chain (RFC 1034 section 4.3.1), a server of one zone its part.</summary>
    private async Task<NameAnswer> AskAsync(string name, QueryType kind, CancellationToken within)
    {
        var asked = name;
        for (var aliases = 0; aliases <= MostAliases; )
        {
            IDnsQueryResponse response;
            try
            {
                response = await QueryAsync(asked, kind, within);
            }
            // The library says its own exception of a question that was called off.
            catch (Exception e) when (e is OperationCanceledException or DnsResponseException && within.IsCancellationRequested)
            {
                return NameAnswer.None("got no answer from DNS in time");
            }
            catch (Exception e) when (e is DnsResponseException or SocketException or InvalidOperationException or ArgumentException)
            {
                log.NotLookedUp(asked, e);
                return NameAnswer.None("could not be looked up, because no DNS server could be asked");
            }
            if (response.Header.ResponseCode == DnsHeaderResponseCode.NotExistentDomain)
                return NameAnswer.None("does not exist in DNS (NXDOMAIN)");
            if (response.HasError)
                return NameAnswer.None($"could not be looked up: DNS answered {response.Header.ResponseCode}");

            var end = EndOf(asked, response.Answers, ref aliases);
            var addresses = response.Answers.OfType<AddressRecord>().Where(record => Is(record, end)).Select(record => record.Address);
            if (addresses.ToImmutableArray() is { Length: > 0 } found)
                return new(found, null);
            if (end == asked && aliases <= MostAliases)
                return new([], null);
            asked = end;
        }
        return NameAnswer.None($"has more than {MostAliases} aliases (CNAME), or they go in a circle");
    }

    /// <summary>Round after round over the servers, until one answers or the caller has waited long enough: a datagram may get lost, and a resolver may look for longer than its turn.</summary>
    private async Task<IDnsQueryResponse> QueryAsync(string name, QueryType kind, CancellationToken within)
    {
        while (true)
        {
            try
            {
                return await _dns.Value.QueryAsync(name, kind, QueryClass.IN, within).WaitAsync(within);
            }
            catch (DnsResponseException e) when (e.Code == DnsResponseCode.ConnectionTimeout && !within.IsCancellationRequested)
            {
                // Each of them has had its turn.
            }
        }
    }

    private static string EndOf(string name, IReadOnlyList<DnsResourceRecord> answers, ref int aliases)
    {
        while (aliases <= MostAliases && answers.OfType<CNameRecord>().FirstOrDefault(record => Is(record, name)) is { } alias)
        {
            name = alias.CanonicalName.Value.TrimEnd('.').ToLowerInvariant();
            aliases++;
        }
        return name;
    }

    private static bool Is(DnsResourceRecord record, string name) =>
        record.DomainName.Value.AsSpan().TrimEnd('.').Equals(name, StringComparison.OrdinalIgnoreCase);

    private static LookupClient NewClient(DnsOptions options)
    {
        var client = options.Servers.IsEmpty ? new LookupClientOptions() : new LookupClientOptions([.. options.Servers]);
        client.AutoResolveNameServers = options.Servers.IsEmpty;
        client.UseRandomNameServer = false;
        client.UseCache = false;
        client.ThrowDnsErrors = false;
        // No address is an answer: the next server is asked when one gives none.
        client.ContinueOnEmptyResponse = false;
        client.Timeout = Turn;
        client.Retries = 0;
        return new LookupClient(client);
    }
}

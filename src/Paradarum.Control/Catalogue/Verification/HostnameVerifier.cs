using System.Collections.Immutable;
using System.Net;

namespace Paradarum.Control.Catalogue.Verification;

/// <summary>Where the PoPs say that visitors reach them.</summary>
internal delegate IReadOnlyList<Uri> KnowsPops();

/// <summary>Whether a hostname leads to a PoP (contract part 3): it has at least one address in common with the host of a PoP's public URL.</summary>
internal sealed class HostnameVerifier(NameLookup names, KnowsPops pops, TimeProvider time) : IDisposable
{
    /// <summary>For all questions of one verification together (contract part 3).</summary>
    public static readonly TimeSpan Within = TimeSpan.FromSeconds(5);

    /// <summary>A name whose servers keep silent holds sockets for all that time.</summary>
    private const int MostAtOnce = 64;

    private const int MostShown = 10;

    private readonly SemaphoreSlim _places = new(MostAtOnce);

    /// <returns>Null when it leads to a PoP; else what was found and what is expected, in sentences for the account.</returns>
    public async Task<string?> ProblemAsync(string hostname, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(Within, time);
        using var within = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        if (!await EnterAsync(within.Token))
        {
            stop.ThrowIfCancellationRequested();
            return "Too many hostnames are being verified right now. Verify again later.";
        }
        try
        {
            var expecting = Task.WhenAll(
                pops()
                    .Select(url => url.IdnHost.Trim('[', ']'))
                    .Distinct(StringComparer.Ordinal)
                    .Select(host => PopAsync(host, within.Token))
            );
            var found = await names.FindAsync(hostname, within.Token);
            var expected = await expecting;
            stop.ThrowIfCancellationRequested();
            return expected.Any(pop => pop.Found.Addresses.Intersect(found.Addresses).Any()) ? null : Sentences(hostname, found, expected);
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose() => _places.Dispose();

    private async Task<bool> EnterAsync(CancellationToken within)
    {
        try
        {
            await _places.WaitAsync(within);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<Pop> PopAsync(string host, CancellationToken within) =>
        new(host, IPAddress.TryParse(host, out var address) ? new([address], null) : await names.FindAsync(host, within));

    private static string Sentences(string hostname, NameAnswer found, Pop[] expected)
    {
        var was = found.Trouble ?? $"resolves to {Listed(found.Addresses.Select(address => address.ToString()))}";
        if (expected.Length == 0)
            return $"{hostname} {was}; no PoP has told its public address yet.";
        var wanted = expected.SelectMany(pop =>
            pop.Found.Trouble is { } trouble
                ? [$"{pop.Host} (a PoP, which {trouble})"]
                : pop.Found.Addresses.Select(address => address.ToString())
        );
        return $"{hostname} {was}; expected is a public address of a PoP: {Listed(wanted.Distinct(StringComparer.Ordinal))}. "
            + "Change its DNS record, then verify again.";
    }

    private static string Listed(IEnumerable<string> all)
    {
        var shown = all.Order(StringComparer.Ordinal).ToImmutableArray();
        var text = string.Join(", ", shown.Take(MostShown));
        return shown.Length > MostShown ? $"{text} and {shown.Length - MostShown} more" : text;
    }

    private sealed record Pop(string Host, NameAnswer Found);
}

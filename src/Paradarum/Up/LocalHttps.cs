using System.Globalization;
using System.Net.Http.Json;
using Paradarum.Control.Catalogue;

namespace Paradarum.Up;

/// <summary>Gives the property's hostname a certificate of the local authority, over the API as anybody would, and a new one before it ends.</summary>
internal sealed class LocalHttps
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromHours(12);

    private readonly LocalAuthority _authority;
    private readonly Uri _api;
    private readonly string _apiKey;
    private readonly string _path;
    private readonly string[] _names;
    private string _installed;

    public LocalHttps(UpOptions options, Uri api, string apiKey, CatalogueProperty property)
    {
        var hostname = property.Hostnames.First(hostname => hostname.State == HostnameState.Active);
        _authority = LocalAuthority.Open(Path.Combine(options.DataFolder, "tls"), TimeProvider.System.GetUtcNow());
        (_api, _apiKey) = (api, apiKey);
        _path = string.Create(CultureInfo.InvariantCulture, $"/api/property/{property.Id}/hostname/{hostname.Id}/certificate");
        // The wildcard is for what else is made here: server.pem and server.key fit those hostnames too.
        _names = [hostname.Name, $"*.{hostname.Name[(hostname.Name.IndexOf('.', StringComparison.Ordinal) + 1)..]}"];
        _installed = hostname.Certificate?.Fingerprint ?? "";
    }

    public string AuthorityFile => _authority.AuthorityFile;

    /// <summary>Does nothing while the certificate that is installed lasts.</summary>
    /// <exception cref="IOException">The API would not take it.</exception>
    public async Task InstallAsync(CancellationToken stop)
    {
        var certificate = _authority.For(_names, TimeProvider.System.GetUtcNow());
        if (certificate.Fingerprint == _installed)
            return;
        using var client = new HttpClient { BaseAddress = _api };
        client.DefaultRequestHeaders.Add("X-API-Key", _apiKey);
        using var answer = await client.PostAsJsonAsync(
            _path,
            new { certificate = certificate.Certificate, privateKey = certificate.Key },
            stop
        );
        if (!answer.IsSuccessStatusCode)
            throw new IOException($"The local certificate was not taken: {await answer.Content.ReadAsStringAsync(stop)}");
        _installed = certificate.Fingerprint;
    }

    /// <summary>Runs until it is told to stop.</summary>
    public async Task RenewAsync(CancellationToken stop)
    {
        while (true)
        {
            await Task.Delay(LookEvery, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested)
                return;
            try
            {
                await InstallAsync(stop);
            }
            catch (Exception e) when (e is IOException or HttpRequestException or UnauthorizedAccessException)
            {
                // A month is left to try again in.
                await Console.Error.WriteLineAsync(
                    $"The local certificate could not be renewed, and is tried again in {LookEvery.TotalHours} hours: {e.Message}"
                );
            }
        }
    }
}

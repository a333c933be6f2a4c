using System.Globalization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Paradarum.Control.Access;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Database;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;

namespace Paradarum.Control.Telemetry;

/// <summary>
/// A page of one line whose origin is this control plane, under a property that belongs to an account nobody can sign in to: so it is in no list, no history and
/// no webhook of anyone.
/// </summary>
internal sealed class Canary(
    PropertyCatalogue catalogue,
    PropertyChanges changes,
    LogWriter writer,
    TelemetryOptions options,
    IServer server,
    TimeProvider time
)
{
    /// <summary>Of the page, on the origin and on every PoP.</summary>
    public const string Path = "/canary";

    private const string PropertyName = "paradarum-canary";
    private const string AccountName = "paradarum (internal)";

    private long? _account; // looked up once: a look-up is a turn of the log's one writer
    private long _version = time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Rises for as long as the installation lives: it begins with the time of the start.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>The origin has something new from here on.</summary>
    public long Raise() => Interlocked.Increment(ref _version);

    public static long? Read(string body) =>
        long.TryParse(body.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;

    public void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet(
                Path,
                (HttpContext context) =>
                {
                    context.Response.Headers.CacheControl = "max-age=86400";
                    return Results.Text(Version.ToString(CultureInfo.InvariantCulture));
                }
            )
            .ExcludeFromDescription();

    /// <summary>The canary's property, made at the first call; its origin follows the control plane's address. Refused when somebody else has its name.</summary>
    public async Task<Result<CatalogueProperty>> PropertyAsync(CancellationToken stop)
    {
        var parsed = PropertyOrigin.Parse(Origin().GetLeftPart(UriPartial.Authority), "", sslVerify: true);
        if (!parsed.Ok(out var origin, out var refusal))
            return refusal;
        var account = _account ??= await writer.WriteAsync(InternalAccount, stop);
        var kept = catalogue.Current.Properties.Values.FirstOrDefault(property => property.AccountId == account);
        if (kept is null)
            return await changes.CreateAsync(Caller.System(account), new PropertyOrder(PropertyName, [origin]), stop);
        return kept.Configuration.Origins is [var one] && one == origin
            ? kept
            : await changes.SetOriginsAsync(Caller.System(account), kept.Id, [origin], stop);
    }

    private Uri Origin()
    {
        if (options.CanaryOrigin is { } configured)
            return configured;
        var listening = BindingAddress.Parse(server.Features.Get<IServerAddressesFeature>()!.Addresses.First());
        // A node on this machine reaches loopback and the wildcards at 127.0.0.1; others need an address of their own.
        var host = listening.Host is "localhost" or "0.0.0.0" or "[::]" or "[::1]" ? "127.0.0.1" : listening.Host;
        return new Uri($"http://{host}:{listening.Port}");
    }

    private static long InternalAccount(LogWrite write)
    {
        using var db = ControlDb.In(write);
        // Users and keys are what accounts are entered by: this one never gets any.
        if (db.Set<Account>().FirstOrDefault(account => account.Name == AccountName && !account.IsOperator) is { } known)
            return known.Id;
        var made = new Account
        {
            Name = AccountName,
            IsOperator = false,
            CreatedAt = write.Now,
        };
        db.Add(made);
        db.SaveChanges();
        return made.Id;
    }
}

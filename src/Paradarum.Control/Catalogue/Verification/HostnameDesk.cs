using System.Globalization;
using Paradarum.Control.Access;
using Paradarum.Protocol;

namespace Paradarum.Control.Catalogue.Verification;

/// <summary>A hostname and what came of looking its name up.</summary>
/// <param name="Problem">Why it is not Active, for the account; null when it is.</param>
internal sealed record CheckedHostname(CatalogueHostname Hostname, string? Problem);

/// <summary>Adds and verifies hostnames, for the API and the panel alike.</summary>
internal sealed class HostnameDesk(PropertyCatalogue catalogue, PropertyChanges changes, HostnameVerifier verifier, KeyRing keys)
{
    /// <summary>What the account reads, of a hostname that was added and is not Active, before what was found.</summary>
    public const string AddedUnverified = "Hostname created successfully. WARNING: DNS verification failed.";

    private static readonly Refusal NoSuchHostname = Refusal.NotFound("Hostname not found.");

    /// <summary>
    /// Adds a hostname: Active when it is under the system domain or leads to a PoP, else pending. 400 for what is no name or one too many, 409 when any property has it.
    /// </summary>
    /// <param name="caller">Whose it is and whether it may be changed has been looked at; that is looked at again after the look-up.</param>
    /// <param name="propertyId">The property.</param>
    /// <param name="sent">The name as it was sent.</param>
    /// <param name="stop">Gives up; a hostname may have been added all the same.</param>
    public async Task<Result<CheckedHostname>> AddAsync(Caller caller, long propertyId, string? sent, CancellationToken stop)
    {
        if (!Hostname.ParseName(sent).Ok(out var name, out var refusal))
            return refusal;
        // What will be refused costs no look-up. The transaction judges again.
        if (catalogue.Refuses(propertyId, name) is { } early)
            return early;
        var problem = catalogue.IsOfSystemDomain(name) ? null : await verifier.ProblemAsync(name, stop);
        if (!OpenAgain(caller, propertyId).Ok(out _, out refusal))
            return refusal;
        var state = problem is null ? HostnameState.Active : HostnameState.PendingValidation;
        return (await changes.AddHostnameAsync(caller, propertyId, name, state, stop)).Ok(out var changed, out refusal)
            ? new CheckedHostname(changed.Hostnames.Single(hostname => hostname.Name == name), problem)
            : refusal;
    }

    /// <summary>Looks a pending hostname up again and makes it Active when it leads to a PoP by now. An Active one stays so, whatever its name says today.</summary>
    public async Task<Result<CheckedHostname>> VerifyAsync(Caller caller, long propertyId, long hostnameId, CancellationToken stop)
    {
        if (!OpenAgain(caller, propertyId).Ok(out var property, out var refusal))
            return refusal;
        if (Find(property, hostnameId) is not { } hostname)
            return NoSuchHostname;
        if (hostname.State == HostnameState.Active)
            return new CheckedHostname(hostname, null);
        if (await verifier.ProblemAsync(hostname.Name, stop) is { } problem)
            return new CheckedHostname(hostname, problem);
        if (!OpenAgain(caller, propertyId).Ok(out _, out refusal))
            return refusal;
        return (await changes.ChangeAsync(caller, propertyId, kept => kept.Activate(hostnameId), stop)).Ok(out var changed, out refusal)
            ? new CheckedHostname(Find(changed, hostnameId)!, null)
            : refusal;
    }

    // A look-up takes its time: key and property are those of now.
    private Result<CatalogueProperty> OpenAgain(Caller caller, long propertyId) =>
        keys.IsGood(caller)
            ? catalogue.OpenForChange(caller, propertyId.ToString(CultureInfo.InvariantCulture))
            : CallerAuthentication.Required;

    private static CatalogueHostname? Find(CatalogueProperty property, long hostnameId) =>
        property.Hostnames.FirstOrDefault(hostname => hostname.Id == hostnameId);
}

using Paradarum.Control.Access;
using Paradarum.Control.Audit;
using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Catalogue;

/// <summary>Tells the audit trail of a change of a property: what it was, by what differs, so that no way of changing one can forget to say so.</summary>
internal static class PropertyAudit
{
    // Of a preset the subject names the first; all are in before and after.
    private const int MostNamed = 5;

    /// <param name="before">Null when it was made.</param>
    /// <param name="after">Null when it was deleted.</param>
    public static void Append(LogWrite write, Caller caller, CatalogueProperty? before, CatalogueProperty? after)
    {
        var property = (after ?? before)!;
        var (type, action, subject) = What(before, after);
        AuditTrail.Append(
            write,
            caller.Actor,
            new AuditChange(type, action, property.AccountId)
            {
                PropertyId = property.Id,
                Subject = subject,
                Before = Audited(before),
                After = Audited(after),
            }
        );
    }

    private static (string Type, string Action, string Subject) What(CatalogueProperty? before, CatalogueProperty? after)
    {
        if (before is null || after is null)
            return (AuditTypes.Property, before is null ? "created" : "deleted", (after ?? before)!.Configuration.Name);
        var name = after.Configuration.Name;
        var origins = !before.Configuration.Origins.SequenceEqual(after.Configuration.Origins);
        var (hostname, hostnames) = Part(Bare(before), Bare(after), hostname => hostname.Id, hostname => hostname.Name);
        var (certificate, secured) = Part(Certificates(before), Certificates(after), found => found.Id, found => found.Hostname);
        var (rule, rules) = Part(before.Rules, after.Rules, rule => rule.Id, rule => rule.Name);
        // One part alone gives the entry its type; a change of several is one of the property.
        return (before.State != after.State, origins, hostname, certificate, rule) switch
        {
            (true, _, _, _, _) => (AuditTypes.Property, "changed", name),
            (_, true, null, null, null) => (AuditTypes.Origin, "changed", name),
            (_, false, { } action, _, null) => (AuditTypes.Hostname, action, hostnames),
            (_, false, null, { } action, null) => (AuditTypes.Certificate, action, secured),
            (_, false, null, null, { } action) => (AuditTypes.CacheRule, action, rules),
            (_, false, null, null, null) => (AuditTypes.Settings, "changed", name),
            _ => (AuditTypes.Property, "changed", name),
        };
    }

    /// <summary>What became of a list, and of what in it; null when it is the same.</summary>
    private static (string? Action, string Names) Part<T>(
        IReadOnlyCollection<T> before,
        IReadOnlyCollection<T> after,
        Func<T, long> id,
        Func<T, string> name
    )
    {
        var (came, went) = (after.Except(before).ToArray(), before.Except(after).ToArray());
        if (came.Length == 0 && went.Length == 0)
            return (null, "");
        var (ids, former) = (came.Select(id).ToHashSet(), went.Select(id).ToHashSet());
        var action =
            went.Length == 0 ? "created"
            : came.Length == 0 ? "deleted"
            : ids.SetEquals(former) ? "changed"
            : "replaced";
        return (action, string.Join(", ", (came.Length > 0 ? came : went).Take(MostNamed).Select(name)));
    }

    private static CatalogueHostname[] Bare(CatalogueProperty property) =>
        [.. property.Hostnames.Select(hostname => hostname with { Certificate = null })];

    private static AuditedCertificate[] Certificates(CatalogueProperty property) =>
        [
            .. property
                .Hostnames.Where(hostname => hostname.Certificate is not null)
                .Select(hostname => new AuditedCertificate(
                    hostname.Id,
                    hostname.Name,
                    hostname.Certificate!.Subject,
                    hostname.Certificate.Issuer,
                    hostname.Certificate.NotAfter,
                    hostname.Certificate.Fingerprint
                )),
        ];

    private static AuditedProperty? Audited(CatalogueProperty? property) =>
        property is null
            ? null
            : new(
                property.Configuration.Name,
                property.State.ToString(),
                [.. property.Configuration.Origins.Select(PropertyEndpoints.Item)],
                [.. property.Hostnames.Select(HostnameEndpoints.Item)],
                Certificates(property),
                [.. property.Rules.Select(CacheRuleEndpoints.Item)],
                GeneralSettingsEndpoints.Item(property.General)
            );

    /// <param name="Id">The hostname's: it has at most one.</param>
    private sealed record AuditedCertificate(
        long Id,
        string Hostname,
        string Subject,
        string Issuer,
        DateTimeOffset NotAfter,
        string Fingerprint
    );

    /// <summary>A property as the trail keeps it: as its account reads it over the API, where no secret is shown either.</summary>
    private sealed record AuditedProperty(
        string Name,
        string Status,
        IReadOnlyList<OriginItem> Origins,
        IReadOnlyList<HostnameItem> Hostnames,
        IReadOnlyList<AuditedCertificate> Certificates,
        IReadOnlyList<CacheRuleItem> CacheRules,
        GeneralSettingsItem GeneralSettings
    );
}

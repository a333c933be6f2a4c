using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using Paradarum.Control.Access;
using Paradarum.Control.Database;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;
using Paradarum.Protocol.Addresses;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;

namespace Paradarum.Control.Catalogue;

/// <summary>What is asked of a new property.</summary>
internal sealed record PropertyOrder(string Name, ImmutableArray<Origin> Origins)
{
    public ImmutableArray<RuleOrder> Rules { get; init; } = [];
}

/// <summary>What is to become of a property.</summary>
/// <param name="Origins">In the place of those it has.</param>
/// <param name="State">Active or Disabled, suspension being the operator's; null leaves it as it is.</param>
internal sealed record PropertyUpdate(ImmutableArray<Origin> Origins, PropertyState? State);

/// <summary>
/// Changes of properties and of what belongs to them: each writes its rows, the configuration record and, where what is stored loses its meaning, a purge of all of the property
/// in one transaction, then brings <see cref="PropertyCatalogue"/> up to it after the flush.
/// </summary>
internal sealed class PropertyChanges(
    PropertyCatalogue catalogue,
    LogWriter writer,
    AppendsSystemPurge appendPurge,
    TimeProvider time,
    AllowedAddresses originsAllow
)
{
    /// <summary>Makes a property with its system hostname, Active at once. 409 when the name or that hostname is taken, 400 when an origin leads where the operator does not allow.</summary>
    public Task<Result<CatalogueProperty>> CreateAsync(Caller caller, PropertyOrder order, CancellationToken stop) =>
        writer.WriteAsync(write => Create(write, caller, order), stop);

    /// <summary>
    /// Adds a hostname. One under the system domain is Active at once; another is what the caller found out by looking its name up. 409 when any property has it.
    /// </summary>
    public Task<Result<CatalogueProperty>> AddHostnameAsync(
        Caller caller,
        long propertyId,
        string name,
        HostnameState elsewhere,
        CancellationToken stop
    ) => ChangeAsync(caller, propertyId, (db, property) => AddHostname(db, property, name, elsewhere), stop);

    /// <summary>
    /// Replaces origins and status of a property. A disabled one takes nothing but what enables it, a suspended one nothing: both judged in the transaction.
    /// </summary>
    public Task<Result<CatalogueProperty>> UpdateAsync(Caller caller, long propertyId, PropertyUpdate update, CancellationToken stop) =>
        ChangeAsync(
            caller,
            propertyId,
            property =>
            {
                if (property.State == PropertyState.Suspended)
                    return PropertyCatalogue.Suspended;
                if (property.State == PropertyState.Disabled && update.State != PropertyState.Active)
                    return PropertyCatalogue.Disabled;
                if (SetOrigins(property, update.Origins) is { } refusal)
                    return refusal;
                property.State = update.State ?? property.State;
                return null;
            },
            stop
        );

    public Task<Result<CatalogueProperty>> RemoveHostnameAsync(Caller caller, long propertyId, long hostnameId, CancellationToken stop) =>
        ChangeAsync(
            caller,
            propertyId,
            (_, property) =>
                property.Hostnames.RemoveAll(hostname => hostname.Id == hostnameId) > 0 ? null : Refusal.NotFound("Hostname not found."),
            stop
        );

    public Task<Result<CatalogueProperty>> SetStateAsync(Caller caller, long propertyId, PropertyState state, CancellationToken stop) =>
        ChangeAsync(caller, propertyId, property => property.State = state, stop);

    public Task<Result<CatalogueProperty>> SetQueryModeAsync(Caller caller, long propertyId, QueryMode mode, CancellationToken stop) =>
        ChangeAsync(caller, propertyId, property => property.SetQueryMode(mode), stop);

    /// <summary>Whether the property's PoPs ask a shield, and which; null for the one its hostnames hash to.</summary>
    public Task<Result<CatalogueProperty>> SetShieldAsync(
        Caller caller,
        long propertyId,
        bool enabled,
        string? shieldId,
        CancellationToken stop
    ) => ChangeAsync(caller, propertyId, property => (property.ShieldEnabled, property.ShieldId) = (enabled, shieldId), stop);

    /// <summary>400 when one of them leads where the operator does not allow.</summary>
    public Task<Result<CatalogueProperty>> SetOriginsAsync(
        Caller caller,
        long propertyId,
        ImmutableArray<Origin> origins,
        CancellationToken stop
    ) => ChangeAsync(caller, propertyId, property => SetOrigins(property, origins), stop);

    public Task<Result<CatalogueProperty>> SetGeneralAsync(
        Caller caller,
        long propertyId,
        GeneralSettings settings,
        CancellationToken stop
    ) => ChangeAsync(caller, propertyId, property => property.SetGeneral(settings), stop);

    public Task<Result<CatalogueProperty>> SetRulesAsync(
        Caller caller,
        long propertyId,
        ImmutableArray<RuleOrder> rules,
        CancellationToken stop
    ) => ChangeAsync(caller, propertyId, property => property.SetRules(rules), stop);

    /// <param name="caller">Who changes it; whose it is has been looked at.</param>
    /// <param name="propertyId">The property.</param>
    /// <param name="change">Changes the property or says why not; then nothing is written. Runs on the writer's thread.</param>
    /// <param name="stop">Gives up waiting; the change may still take place.</param>
    public Task<Result<CatalogueProperty>> ChangeAsync(
        Caller caller,
        long propertyId,
        Func<Property, Refusal?> change,
        CancellationToken stop
    ) => ChangeAsync(caller, propertyId, (_, property) => change(property), stop);

    /// <summary>The same for a change that can't be refused.</summary>
    public Task<Result<CatalogueProperty>> ChangeAsync(Caller caller, long propertyId, Action<Property> change, CancellationToken stop) =>
        ChangeAsync(
            caller,
            propertyId,
            (_, property) =>
            {
                change(property);
                return null;
            },
            stop
        );

    /// <summary>The same for a change that may find everything as it is to be: then it says false, and nothing is written.</summary>
    public Task<Result<CatalogueProperty>> ChangeIfAsync(
        Caller caller,
        long propertyId,
        Func<Property, bool> change,
        CancellationToken stop
    ) => ApplyAsync(caller, propertyId, (_, property) => change(property), stop);

    /// <summary>Deletes a property: nodes forget it and all they stored of it.</summary>
    public Task<Result<CatalogueProperty>> DeleteAsync(Caller caller, long propertyId, CancellationToken stop) =>
        writer.WriteAsync<Result<CatalogueProperty>>(
            write =>
            {
                using var db = ControlDb.In(write);
                if (Load(db, propertyId) is not { } property)
                    return PropertyCatalogue.Unknown;
                var removed = property.ToCatalogue();
                db.Remove(property);
                db.SaveChanges();
                write.Append(new RecordPayload { PropertyId = propertyId, PropertyRemoved = new PropertyRemoved() });
                appendPurge(write, new SystemPurge(removed.AccountId, propertyId, removed.ActiveHostnames));
                PropertyAudit.Append(write, caller, removed, null);
                write.AfterFlush(() => catalogue.Replace(new CatalogueSnapshot(catalogue.Current.Properties.Remove(propertyId))));
                return removed;
            },
            stop
        );

    /// <summary>How many properties an account has, as of the write.</summary>
    public static int CountOf(LogWrite write, long accountId)
    {
        using var db = ControlDb.In(write);
        return db.Set<Property>().Count(property => property.AccountId == accountId);
    }

    /// <summary>Reads everything into memory, once, before anything is served.</summary>
    public Task LoadAsync(CancellationToken stop) =>
        writer.WriteAsync(
            write =>
            {
                using var db = ControlDb.In(write);
                var all = Whole(db).AsNoTracking().AsEnumerable().Select(property => property.ToCatalogue());
                var snapshot = new CatalogueSnapshot(all.ToImmutableDictionary(property => property.Id));
                catalogue.Replace(snapshot);
                return snapshot.Properties.Count;
            },
            stop
        );

    /// <summary>The only way in for origins: none that leads where the operator does not allow, whatever the call.</summary>
    private Refusal? SetOrigins(Property property, ImmutableArray<Origin> origins)
    {
        if (
            origins.Select(origin => PropertyOrigin.Refused(origin, originsAllow)).FirstOrDefault(refusal => refusal is not null) is
            { } refused
        )
            return refused;
        property.SetOrigins(origins);
        return null;
    }

    private Result<CatalogueProperty> Create(LogWrite write, Caller caller, PropertyOrder order)
    {
        var made = new Property
        {
            AccountId = caller.AccountId,
            Name = order.Name,
            CreatedAt = Now(),
        };
        if (SetOrigins(made, order.Origins) is { } refusal)
            return refusal;
        using var db = ControlDb.In(write);
        if (db.Set<Property>().Any(property => property.Name == order.Name))
            return new Refusal(RefusalKind.Conflict, $"A property named '{order.Name}' already exists.");
        if (AddHostname(db, made, $"{order.Name}.{catalogue.SystemDomain}", HostnameState.Active) is { } taken)
            return taken;
        made.SetRules(order.Rules);
        db.Add(made);
        db.SaveChanges();
        return Publish(write, caller, made, before: null);
    }

    private Refusal? AddHostname(ControlDb db, Property property, string name, HostnameState elsewhere)
    {
        if (!Hostname.ParseName(name).Ok(out var parsed, out var refusal))
            return refusal;
        if (property.Hostnames.Count >= Property.MostHostnames)
            return Property.TooManyHostnames;
        if (db.Set<Hostname>().Any(hostname => hostname.Name == parsed))
            return Hostname.Taken(parsed);
        property.Hostnames.Add(
            new Hostname
            {
                Name = parsed,
                State = catalogue.IsOfSystemDomain(parsed) ? HostnameState.Active : elsewhere,
                CreatedAt = Now(),
            }
        );
        return null;
    }

    private Task<Result<CatalogueProperty>> ChangeAsync(
        Caller caller,
        long propertyId,
        Func<ControlDb, Property, Refusal?> change,
        CancellationToken stop
    ) => ApplyAsync(caller, propertyId, (db, property) => change(db, property) is { } refusal ? refusal : true, stop);

    /// <param name="caller">Who changes it; whose it is has been looked at.</param>
    /// <param name="propertyId">The property.</param>
    /// <param name="change">Changes the property, or says why not, or that there is nothing to change; then nothing is written.</param>
    /// <param name="stop">Gives up waiting; the change may still take place.</param>
    private Task<Result<CatalogueProperty>> ApplyAsync(
        Caller caller,
        long propertyId,
        Func<ControlDb, Property, Result<bool>> change,
        CancellationToken stop
    ) =>
        writer.WriteAsync<Result<CatalogueProperty>>(
            write =>
            {
                using var db = ControlDb.In(write);
                if (Load(db, propertyId) is not { } property)
                    return PropertyCatalogue.Unknown;
                var before = property.ToCatalogue();
                if (!change(db, property).Ok(out var isChanged, out var refusal))
                    return refusal;
                if (!isChanged)
                    return before;
                db.SaveChanges();
                return Publish(write, caller, property, before);
            },
            stop
        );

    /// <summary>The configuration first, then the purge: what a node stores between the two goes with the rest.</summary>
    private CatalogueProperty Publish(LogWrite write, Caller caller, Property property, CatalogueProperty? before)
    {
        var changed = property.ToCatalogue();
        write.Append(new RecordPayload { PropertyId = changed.Id, Property = changed.Configuration.ToMessage() });
        if (before is not null && CacheMeaning.Forgets(before.Configuration, changed.Configuration) != ForgetReason.None)
            appendPurge(write, new SystemPurge(changed.AccountId, changed.Id, before.ActiveHostnames));
        else if (before is not null && CacheMeaning.FormerShield(before.Configuration, changed.Configuration) is { } former)
            appendPurge(write, new SystemPurge(changed.AccountId, changed.Id, before.ActiveHostnames, former));
        PropertyAudit.Append(write, caller, before, changed);
        write.AfterFlush(() => catalogue.Replace(new CatalogueSnapshot(catalogue.Current.Properties.SetItem(changed.Id, changed))));
        return changed;
    }

    internal static IQueryable<Property> Whole(ControlDb db) =>
        db.Set<Property>()
            .Include(property => property.Hostnames)
                .ThenInclude(hostname => hostname.Certificate)
            .Include(property => property.Origins)
            .Include(property => property.Rules)
            .AsSplitQuery();

    private static Property? Load(ControlDb db, long id) => Whole(db).SingleOrDefault(property => property.Id == id);

    // What is kept are milliseconds; memory says the same as the database.
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
}

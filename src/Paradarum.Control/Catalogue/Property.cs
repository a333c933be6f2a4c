using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Paradarum.Control.Access;
using Paradarum.Protocol;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;
using QueryModeKind = Paradarum.Protocol.Urls.QueryModeKind;

namespace Paradarum.Control.Catalogue;

/// <summary>A property as it is kept, with all that belongs to it. Lives for one change, on the writer's thread.</summary>
internal sealed class Property
{
    public const int LongestName = 63;

    public long Id { get; init; }

    public required long AccountId { get; init; }

    /// <summary>Unique in the installation, immutable.</summary>
    public required string Name { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public PropertyState State { get; set; } = PropertyState.Active;

    /// <summary>What it was when it was suspended, and becomes again: lifting must not switch on what its account had disabled. Null while it is not suspended.</summary>
    public PropertyState? SuspendedFrom { get; private set; }

    public QueryModeKind QueryModeKind { get; private set; }

    public string[] QueryModeValues { get; private set; } = [];

    public bool ShieldEnabled { get; set; } = true;

    public string? ShieldId { get; set; }

    public List<Hostname> Hostnames { get; } = [];

    public List<PropertyOrigin> Origins { get; } = [];

    public List<PropertyRule> Rules { get; } = [];

    /// <summary>More than anyone needs; keeps a configuration record small.</summary>
    public const int MostRules = 100;

    /// <summary>More than anyone needs; keeps a configuration record small, and a name's owner from being shut out by lists of names.</summary>
    public const int MostHostnames = 100;

    public static readonly Refusal TooManyHostnames = Refusal.Malformed($"A property holds at most {MostHostnames} hostnames.");

    public bool BrowserOverride { get; private set; }

    public long BrowserTtlSeconds { get; private set; }

    public bool AlwaysOnlineEnabled { get; private set; }

    public StaleConditions AlwaysOnlineConditions { get; private set; } = GeneralSettings.DefaultStaleOn;

    public bool HttpsRedirect { get; private set; }

    public long HstsSeconds { get; private set; }

    private HttpsChoice Https => new(HttpsRedirect, HstsSeconds);

    /// <returns>False: it is as asked for already, and stays untouched.</returns>
    public bool SetSuspended(bool suspended)
    {
        if (suspended == (State == PropertyState.Suspended))
            return false;
        var before = SuspendedFrom ?? PropertyState.Active;
        SuspendedFrom = suspended ? State : null;
        State = suspended ? PropertyState.Suspended : before;
        return true;
    }

    public void SetQueryMode(QueryMode mode) => (QueryModeKind, QueryModeValues) = (mode.Kind, [.. mode.Values]);

    public void SetOrigins(IEnumerable<Origin> origins)
    {
        Origins.Clear();
        Origins.AddRange(origins.Select((origin, place) => PropertyOrigin.Of(origin, place)));
    }

    public void SetRules(IEnumerable<RuleOrder> rules)
    {
        Rules.Clear();
        Rules.AddRange(rules.Select((rule, place) => PropertyRule.Of(rule, rule.Order ?? place)));
    }

    public void SetGeneral(GeneralSettings settings)
    {
        (BrowserOverride, BrowserTtlSeconds) = (settings.BrowserOverride, settings.BrowserTtl);
        SetQueryMode(settings.Query);
        (ShieldEnabled, ShieldId) = (settings.ShieldEnabled, settings.ShieldId);
        (AlwaysOnlineEnabled, AlwaysOnlineConditions) = (settings.AlwaysOnline, settings.StaleOn);
        (HttpsRedirect, HstsSeconds) = (settings.Https.Redirect, settings.Https.HstsSeconds);
    }

    /// <returns>Why not, or null.</returns>
    public Refusal? Activate(long hostnameId)
    {
        if (Hostnames.Find(hostname => hostname.Id == hostnameId) is not { } hostname)
            return Refusal.NotFound("Hostname not found.");
        hostname.State = HostnameState.Active;
        return null;
    }

    /// <returns>Why not, or null.</returns>
    public Refusal? AddRule(RuleOrder rule)
    {
        if (Rules.Count >= MostRules)
            return Refusal.Malformed($"A property holds at most {MostRules} cache rules.");
        if (IsNameTaken(rule.Name, except: null))
            return NameTaken(rule.Name);
        var before = Rules.Where(other => other.Order < RuleOrder.AfterTheOthers).Select(other => other.Order + 1);
        Rules.Add(PropertyRule.Of(rule, rule.Order ?? Math.Min(before.DefaultIfEmpty().Max(), RuleOrder.AfterTheOthers - 1)));
        return null;
    }

    /// <returns>Why not, or null.</returns>
    public Refusal? ReplaceRule(long ruleId, RuleOrder rule)
    {
        if (Rules.Find(kept => kept.Id == ruleId) is not { } kept)
            return NoSuchRule;
        if (IsNameTaken(rule.Name, kept))
            return NameTaken(rule.Name);
        kept.Become(rule);
        return null;
    }

    /// <returns>Why not, or null.</returns>
    public Refusal? RemoveRule(long ruleId) => Rules.RemoveAll(rule => rule.Id == ruleId) > 0 ? null : NoSuchRule;

    /// <summary>Puts a set in the place of the rules there are; rules that somebody made or changed only when that is meant.</summary>
    /// <returns>Why not, or null.</returns>
    public Refusal? ApplyPreset(IEnumerable<RuleOrder> set, bool replacesOwn)
    {
        if (!replacesOwn && !RulePresets.AreAsMade(Rules))
            return new(
                RefusalKind.Conflict,
                "The property has cache rules of its own. Send replace true to put the preset in their place."
            );
        SetRules(set);
        return null;
    }

    public static readonly Refusal NoSuchRule = Refusal.NotFound("Cache rule not found.");

    private static Refusal NameTaken(string name) =>
        new(RefusalKind.Conflict, $"A cache rule named '{Refusal.Quoted(name)}' already exists.");

    private bool IsNameTaken(string name, PropertyRule? except) =>
        Rules.Exists(rule => rule != except && string.Equals(rule.Name, name, StringComparison.Ordinal));

    /// <summary>What nodes are to know: rules in order and only enabled ones.</summary>
    public PropertyConfiguration ToConfiguration() =>
        new(
            Name,
            State,
            [.. Hostnames.OrderBy(hostname => hostname.Id).Select(hostname => hostname.ToConfiguration())],
            [.. Origins.OrderBy(origin => origin.Place).Select(origin => origin.ToOrigin())],
            new QueryMode(QueryModeKind, [.. QueryModeValues]),
            [.. Rules.Where(rule => rule.IsEnabled).OrderBy(rule => rule.Order).ThenBy(rule => rule.Id).Select(rule => rule.ToRule())],
            ShieldEnabled,
            ShieldId
        )
        {
            BrowserTtlSeconds = BrowserOverride ? BrowserTtlSeconds : null,
            AlwaysOnline = AlwaysOnlineEnabled ? AlwaysOnlineConditions : StaleConditions.None,
            Https = Https,
            Certificates =
            [
                .. Hostnames
                    .OrderBy(hostname => hostname.Id)
                    .Select(hostname => hostname.Certificate?.ToConfiguration())
                    .OfType<PropertyCertificate>()
                    .DistinctBy(certificate => certificate.Id, StringComparer.Ordinal),
            ],
        };

    public CatalogueProperty ToCatalogue() =>
        new(Id, AccountId, CreatedAt, ToConfiguration())
        {
            Rules = [.. Rules.OrderBy(rule => rule.Order).ThenBy(rule => rule.Id).Select(rule => rule.ToCatalogue())],
            General = new GeneralSettings(
                BrowserOverride,
                BrowserTtlSeconds,
                new QueryMode(QueryModeKind, [.. QueryModeValues]),
                ShieldEnabled,
                ShieldId,
                AlwaysOnlineEnabled,
                AlwaysOnlineConditions
            )
            {
                Https = Https,
            },
            Hostnames = [.. Hostnames.OrderBy(hostname => hostname.Id).Select(hostname => hostname.ToCatalogue())],
        };

    /// <summary>A name as the contract wants it (part 3): lower-case letters, digits and inner hyphens, 3 to 63 characters, the most a hostname's label holds.</summary>
    public static Result<string> ParseName(string? name)
    {
        const string Rule =
            "Name must be 3 to 63 characters of lower-case letters, digits and hyphens, and must not start or end with a hyphen.";
        if (name is null or { Length: < 3 or > LongestName } || name[0] == '-' || name[^1] == '-')
            return Refusal.Malformed(Rule);
        return name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-')
            ? name
            : Refusal.Malformed(Rule);
    }

    internal sealed class Mapping : IEntityTypeConfiguration<Property>
    {
        public void Configure(EntityTypeBuilder<Property> builder)
        {
            builder.ToTable("properties");
            builder.HasIndex(property => property.Name).IsUnique();
            builder.HasIndex(property => property.AccountId);
            builder.HasOne<Account>().WithMany().HasForeignKey(property => property.AccountId);
            builder.HasMany(property => property.Hostnames).WithOne().HasForeignKey(hostname => hostname.PropertyId);
            builder.HasMany(property => property.Origins).WithOne().HasForeignKey(origin => origin.PropertyId);
            builder.HasMany(property => property.Rules).WithOne().HasForeignKey(rule => rule.PropertyId);
            builder.Property(property => property.Name).HasMaxLength(LongestName);
            builder.Property(property => property.ShieldId).HasMaxLength(64);
        }
    }
}

using Paradarum.Control.Access;
using Paradarum.Control.Catalogue.Certificates;
using Paradarum.Control.Catalogue.Verification;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Addresses;

namespace Paradarum.Control.Catalogue;

/// <summary>How this folder adds itself to the control plane.</summary>
internal static class CatalogueComposition
{
    public static void AddCatalogue(
        this IServiceCollection services,
        string systemDomain,
        DnsOptions dns,
        AllowedAddresses originsAllow,
        CertificateVault vault
    )
    {
        services.AddSingleton(new PropertyCatalogue(systemDomain));
        services.AddSingleton(provider => new PropertyChanges(
            provider.GetRequiredService<PropertyCatalogue>(),
            provider.GetRequiredService<LogWriter>(),
            provider.GetRequiredService<AppendsSystemPurge>(),
            provider.GetRequiredService<TimeProvider>(),
            originsAllow
        ));
        services.AddSingleton(vault);
        services.AddSingleton<CertificateReader>();
        services.AddSingleton(dns);
        services.AddSingleton<NameLookup>();
        services.AddSingleton<HostnameVerifier>();
        services.AddSingleton<HostnameDesk>();
        services.AddSingleton<PropertyDoor>();
        services.AddSingleton<PropertySuspension>();
        services.AddSingleton<CountsProperties>(PropertyChanges.CountOf);
        services.AddSingleton<OwnsProperty>(provider => provider.GetRequiredService<PropertyCatalogue>().Owns);
    }

    public static void MapCatalogue(this IEndpointRouteBuilder routes)
    {
        routes.MapProperties();
        routes.MapHostnames();
        routes.MapCertificates();
        routes.MapCacheRules();
        routes.MapGeneralSettings();
        routes.MapSuspension();
    }
}

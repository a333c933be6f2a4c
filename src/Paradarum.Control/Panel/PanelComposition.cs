using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.DataProtection;
using MudBlazor.Services;
using Paradarum.Control.Api;
using Paradarum.Control.Panel.Fleet;
using Paradarum.Control.Panel.Plugins;

namespace Paradarum.Control.Panel;

/// <summary>How the panel adds itself to the control plane: pages at <c>/</c>, beside the API (docs/decisions/panel.md).</summary>
internal static class PanelComposition
{
    private const string KeysFolder = "panel-keys";

    /// <summary>People look at pages again after a break; a circuit costs some hundred kilobytes until then.</summary>
    private static readonly TimeSpan CircuitKept = TimeSpan.FromMinutes(2);
    private const int MostCircuitsKept = 50;
    private const int LargestMessage = 128 << 10;

    /// <param name="services">Where everything that the endpoints of the API use is too.</param>
    /// <param name="dataFolder">The control plane's own: the keys that protect forms lie in it, so that a page outlives a restart.</param>
    public static void AddPanel(this IServiceCollection services, string dataFolder)
    {
        services
            .AddDataProtection()
            .SetApplicationName("paradarum")
            .PersistKeysToFileSystem(new DirectoryInfo(Path.Combine(dataFolder, KeysFolder)));
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "paradarum-form";
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            // The panel's own header says more than this one would.
            options.SuppressXFrameOptionsHeader = true;
        });
        services
            .AddRazorComponents()
            .AddInteractiveServerComponents(options =>
            {
                options.DisconnectedCircuitMaxRetained = MostCircuitsKept;
                options.DisconnectedCircuitRetentionPeriod = CircuitKept;
            })
            // A certificate with its chain is pasted in one piece.
            .AddHubOptions(options => options.MaximumReceiveMessageSize = LargestMessage);
        services.AddMudServices(options => options.SnackbarConfiguration.PositionClass = MudBlazor.Defaults.Classes.Position.BottomCenter);
        services.AddScoped<PanelSession>();
        services.AddSingleton<PanelAssets>();
        services.AddSingleton<FleetAddress>();
        services.AddSingleton(new PluginPackages(PluginPackages.Beside));
    }

    /// <summary>Before routing: a page that is not there is answered with one that says so. The API says it in its own way.</summary>
    public static void UsePanelErrors(this WebApplication app) =>
        app.UseWhen(
            context => !context.Request.Path.StartsWithSegments(ApiFrame.Base, StringComparison.OrdinalIgnoreCase),
            pages => pages.UseStatusCodePagesWithReExecute("/not-found")
        );

    /// <summary>After routing.</summary>
    public static void UsePanel(this WebApplication app)
    {
        app.UseMiddleware<PanelDoor>();
        app.UseAntiforgery();
    }

    public static void MapPanel(this WebApplication app)
    {
        app.MapGet("/assets/{hash}/{name}", PanelAssets.Send).AllowAnonymous().WithMetadata(PanelPart.Instance).ExcludeFromDescription();
        app.MapGet("/plugins/{file}", PluginPackages.Send).WithMetadata(PanelPart.Instance).ExcludeFromDescription();
        app.MapPost("/sign-out", PanelSession.SignOut).AllowAnonymous().WithMetadata(PanelPart.Instance).ExcludeFromDescription();
        app.MapRazorComponents<App>()
            // PanelDoor says who may frame a page: nobody.
            .AddInteractiveServerRenderMode(options => options.ContentSecurityFrameAncestorsPolicy = null)
            .WithMetadata(PanelPart.Instance)
            .WithMetadata(new ExcludeFromDescriptionAttribute());
    }
}

using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Paradarum.Control.Api;

/// <summary>How the frame of the API adds itself to the control plane.</summary>
internal static class ApiComposition
{
    public static void AddApi(this IServiceCollection services)
    {
        services.AddRouting();
        services.AddApiDocument();
    }

    /// <summary>What routing knows is answered first (an unknown route, 405); who asks comes after it.</summary>
    public static void UseApi(this WebApplication app)
    {
        app.Use(KeepPortsApart);
        app.UseMiddleware<ApiFrame>();
        app.UseRouting();
    }

    public static void MapApi(this IEndpointRouteBuilder routes)
    {
        routes.MapApiDocument();
        routes.MapReferencePage();
    }

    /// <summary>Says of every connection to this port that it comes from a node.</summary>
    public static void MarkAsFleet(this ListenOptions listen) =>
        listen.Use(next =>
            connection =>
            {
                connection.Features.Set(FleetPort.Instance);
                return next(connection);
            }
        );

    /// <summary>Whether it came over the port for nodes.</summary>
    public static bool IsOfFleet(this HttpContext context) => context.Features.Get<FleetPort>() is not null;

    /// <summary>The API is not to be had on the port for nodes.</summary>
    private static Task KeepPortsApart(HttpContext context, RequestDelegate next)
    {
        if (context.IsOfFleet() && context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) != true)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        return next(context);
    }

    private sealed class FleetPort
    {
        public static readonly FleetPort Instance = new();
    }
}

using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Paradarum.Edge.Serving;

/// <summary>What is put around the door for every request, refused ones included: an access log.</summary>
internal delegate RequestDelegate AroundTheDoor(RequestDelegate door);

/// <summary>
/// Kestrel with the node's door right behind it, in the place of the web framework's pipeline: every request is the door's, so there is nothing to route, and what the
/// pipeline does for each request (scopes of a log, activities, meters, a context of its own) would be most of what a hit costs above the connection.
/// </summary>
/// <remarks>What throws past the door is logged, and its connection ended, by Kestrel.</remarks>
internal sealed class EdgeServer(IServer kestrel, RequestDelegate door) : IServer
{
    public IFeatureCollection Features => kestrel.Features;

    /// <summary>The application that the host made is left out: it has no middleware to run.</summary>
    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull => kestrel.StartAsync(new EdgeApplication(door), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => kestrel.StopAsync(cancellationToken);

    public void Dispose() => kestrel.Dispose();

    /// <summary>One context for each connection (each stream of HTTP/2), used again for every request on it.</summary>
    private sealed class EdgeApplication(RequestDelegate door) : IHttpApplication<DefaultHttpContext>
    {
        public DefaultHttpContext CreateContext(IFeatureCollection contextFeatures)
        {
            var container = contextFeatures as IHostContextContainer<DefaultHttpContext>;
            if (container?.HostContext is { } kept)
            {
                kept.Initialize(contextFeatures);
                return kept;
            }
            var context = new DefaultHttpContext(contextFeatures);
            if (container is not null)
                container.HostContext = context;
            return context;
        }

        public Task ProcessRequestAsync(DefaultHttpContext context) => door(context);

        public void DisposeContext(DefaultHttpContext context, Exception? exception) => context.Uninitialize();
    }
}

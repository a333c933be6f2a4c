using Microsoft.AspNetCore.Hosting.Server;

namespace Paradarum.Control;

/// <summary>How a host of this project ends.</summary>
internal static class BoundedStop
{
    /// <summary>
    /// Ends the server first, and its requests when they take longer than this; then all else, in its own time. The host's own bound would leave out everything that stops after the server.
    /// </summary>
    public static async Task StopWithinAsync(this WebApplication app, TimeSpan requests)
    {
        app.Lifetime.StopApplication();
        using (var patience = new CancellationTokenSource(requests))
            await app.Services.GetRequiredService<IServer>().StopAsync(patience.Token);
        await app.StopAsync(CancellationToken.None);
    }
}

using Paradarum.Control.Api;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.PurgeLog.Postgres;
using Paradarum.Control.Telemetry;

namespace Paradarum.Control;

/// <summary>
/// A control plane that waits while another one has the log. It answers on the API's port, so that a balancer and whoever asks it by mistake hear where they are; for nodes there
/// is nobody, so that they go on to the next address.
/// </summary>
internal static class StandBy
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Returns when the log's database can be reached and nobody writes to it. Somebody else may be faster then: the start finds that out.</summary>
    /// <exception cref="IOException">The API's port is taken.</exception>
    public static async Task UntilFreeAsync(ControlPlaneOptions options, ControlPlaneSurroundings surroundings, CancellationToken stop)
    {
        await using var app = Build(options, surroundings);
        await app.StartAsync(stop);
        await PostgresEngine.UntilFreeAsync(options.Log.Database!, LookEvery, surroundings.Time, stop);
        await app.StopAsync(stop);
    }

    private static WebApplication Build(ControlPlaneOptions options, ControlPlaneSurroundings surroundings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => ControlPlane.ListenForApi(kestrel, options));
        builder.Services.AddSingleton<IHostLifetime, StoppedByItsOwner>();
        builder.Services.AddLogging(surroundings.Logging);
        var app = builder.Build();
        app.Run(AnswerAsync);
        return app;
    }

    private static Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path == Health.LivePath)
            return Health.SayAsync(context, StatusCodes.Status200OK, "live");
        if (context.Request.Path == Health.ReadyPath)
            return Health.SayAsync(context, StatusCodes.Status503ServiceUnavailable, "standing by");
        context.Response.Headers.RetryAfter = "1";
        return Answer
            .Refused(
                StatusCodes.Status503ServiceUnavailable,
                "This control plane stands by while another one works. Ask that one, or try again."
            )
            .ExecuteAsync(context);
    }
}

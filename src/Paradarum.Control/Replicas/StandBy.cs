using Paradarum.Control.PurgeLog.Postgres;
using Paradarum.Control.Telemetry;
using Yarp.ReverseProxy.Forwarder;

namespace Paradarum.Control.Replicas;

/// <summary>
/// A control plane that waits while another one has the log. It answers on both ports by asking the one that works, so that a client, a balancer or a node may come to any of them;
/// when that one can't be reached it says so, and a node goes on to the next address.
/// </summary>
internal static class StandBy
{
    /// <summary>When nothing is heard from the database.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>How long requests that are being answered may go on when this one takes over: the one that works is gone.</summary>
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(1);

    /// <summary>Returns when the log's database can be reached and nobody writes to it. Somebody else may be faster then: the start finds that out.</summary>
    /// <param name="options">Of the control plane that it may become.</param>
    /// <param name="surroundings">The same.</param>
    /// <param name="rehearsed">Is told when a takeover has been rehearsed; null where that is needless, because a control plane has been started in this process before.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="IOException">A port is taken.</exception>
    public static async Task UntilFreeAsync(
        ControlPlaneOptions options,
        ControlPlaneSurroundings surroundings,
        Action? rehearsed,
        CancellationToken stop
    )
    {
        await using var app = Build(options, surroundings);
        var forwarding = app.Services.GetRequiredService<Forwarding>();
        app.Run(context => AnswerAsync(context, forwarding));
        await app.StartAsync(stop);
        var log = app.Services.GetRequiredService<ILogger<Forwarding>>();
        var warned = false;
        using var free = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var rehearsal = rehearsed is null ? Task.CompletedTask : RehearseAsync(rehearsed);
        try
        {
            await HolderWatch.UntilFreeAsync(options.Log.Database!, LookEvery, Seen, surroundings.Time, stop);
        }
        finally
        {
            await free.CancelAsync();
            await rehearsal;
        }
        forwarding.Seen(null);
        await app.StopWithinAsync(EndsWithin);

        async Task RehearseAsync(Action done)
        {
            if (await Rehearsal.RunAsync(options, surroundings.Time, log, free.Token))
                done();
        }

        void Seen(LogSight sight)
        {
            forwarding.Seen(sight.Holder);
            // There are several control planes: somebody wants to lose nothing with a machine.
            if (!sight.HasStandby && !warned)
                log.NoSynchronousStandby();
            warned = !sight.HasStandby;
        }
    }

    private static WebApplication Build(ControlPlaneOptions options, ControlPlaneSurroundings surroundings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => ControlPlane.Listen(kestrel, options));
        builder.Services.AddSingleton<IHostLifetime, StoppedByItsOwner>();
        builder.Services.AddLogging(surroundings.Logging);
        builder.Services.AddSingleton(surroundings.Time);
        builder.Services.AddHttpForwarder();
        builder.Services.AddSingleton<Forwarding>();
        return builder.Build();
    }

    private static Task AnswerAsync(HttpContext context, Forwarding forwarding)
    {
        if (context.Request.Path == Health.LivePath)
            return Health.SayAsync(context, StatusCodes.Status200OK, "live");
        if (context.Request.Path == Health.ReadyPath)
            return forwarding.IsPossible
                ? Health.SayAsync(context, StatusCodes.Status200OK, "standing by, and asks the one that works")
                : Health.SayAsync(context, StatusCodes.Status503ServiceUnavailable, "standing by");
        // They would be another process's.
        return context.Request.Path == TelemetryComposition.MetricsPath
            ? Health.SayAsync(context, StatusCodes.Status503ServiceUnavailable, "standing by")
            : forwarding.AnswerAsync(context);
    }
}

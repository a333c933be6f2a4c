using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Replicas;

/// <summary>A control plane whose process lives on and answers nobody would be worse than one that has ended: nothing starts it again.</summary>
public sealed class A_part_that_fails
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Is_the_end_of_its_control_plane_and_who_started_it_hears_of_it()
    {
        using var folder = new TemporaryFolder();
        var part = new FailingPart();
        await using (
            var host = await ControlHost.StartAsync(
                folder["control"],
                surroundings: new ControlPlaneSurroundings { Services = services => services.AddHostedService(_ => part) }
            )
        )
        {
            host.Plane.Over.IsCompleted.ShouldBeFalse();
            part.Fail.SetResult();
            (await host.Plane.Over.WaitAsync(Soon, TimeProvider.System)).ShouldContain("failed");
        }
        // And it can be started again over the same folder.
        await using var again = await ControlHost.StartAsync(folder["control"]);
        again.Plane.Over.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task Is_not_what_an_orderly_end_is_taken_for()
    {
        Task<string> over;
        await using (var host = await ControlHost.StartAsync())
            over = host.Plane.Over;
        over.IsCompleted.ShouldBeFalse();
    }

    private sealed class FailingPart : BackgroundService
    {
        public TaskCompletionSource Fail { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Fail.Task.WaitAsync(stoppingToken);
            throw new InvalidOperationException("a mistake of this program's");
        }
    }
}

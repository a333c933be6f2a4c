using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.Purging;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Tests.Purging;

/// <summary>Contract part 2: near misses are worked out when the receipt is read, within 200 ms. Measured where they are worked out, by the control plane's own clock.</summary>
public sealed class Near_misses
{
    private static readonly ImmutableArray<ReceiptItem> About = [new ReceiptItem("Path", "/about", null)];

    [Fact]
    public async Task Are_waited_for_no_longer_than_200_ms_from_a_node_that_says_nothing()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var fleet = await The_events_of_a_purge.Leased.StartAsync(new ControlPlaneSurroundings { Time = time });
        var preview = fleet.Host.Plane.Services.GetRequiredService<PurgePreview>();

        var asked = time.GetTimestamp();
        var misses = preview.NearMissesAsync(fleet.Property.Id, About, TestContext.Current.CancellationToken);
        var question = await fleet.HearQuestionAsync();
        question.NearMisses.ShouldBeTrue();
        question.Most.ShouldBe(5);
        question.BudgetMilliseconds.ShouldBeInRange(1, 150, "the node gives up earlier than it is waited for");

        while (!misses.IsCompleted && time.GetElapsedTime(asked) <= TimeSpan.FromSeconds(1))
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }
        (await misses).ShouldBeEmpty();
        time.GetElapsedTime(asked).ShouldBeLessThanOrEqualTo(TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public async Task Are_said_as_soon_as_every_node_has_answered()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var fleet = await The_events_of_a_purge.Leased.StartAsync(new ControlPlaneSurroundings { Time = time });
        var preview = fleet.Host.Plane.Services.GetRequiredService<PurgePreview>();

        var misses = preview.NearMissesAsync(fleet.Property.Id, About, TestContext.Current.CancellationToken);
        var question = await fleet.HearQuestionAsync();
        await fleet.AnswerAsync(
            new StoreAnswer
            {
                Question = question.Id,
                NearMisses =
                {
                    new NearMissMessage { Path = "/about/", Hint = "stored with a trailing slash" },
                },
            }
        );

        // No time passes at all.
        (await misses.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System)).ShouldBe([
            new NearMiss("/about/", "stored with a trailing slash"),
        ]);
    }
}

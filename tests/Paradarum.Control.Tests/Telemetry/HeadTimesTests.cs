using Paradarum.Control.Telemetry;

namespace Paradarum.Control.Tests.Telemetry;

public sealed class The_lag_of_a_node_in_seconds
{
    private readonly HeadTimes _times = new();

    [Fact]
    public void Is_the_age_of_the_oldest_record_it_has_not_acknowledged()
    {
        _times.Moved(5, At(10));
        _times.Moved(7, At(20));

        _times.Lag(applied: 7, At(30)).ShouldBe(TimeSpan.Zero);
        _times.Lag(applied: 6, At(30)).ShouldBe(At(10));
        _times.Lag(applied: 5, At(30)).ShouldBe(At(10));
        _times.Lag(applied: 4, At(30)).ShouldBe(At(20));
    }

    [Fact]
    public void Is_never_told_too_small_when_old_samples_are_thinned_out()
    {
        for (var n = 1; n <= 10 * HeadTimes.Most; n++)
            _times.Moved((ulong)n, At(n));

        for (var applied = 0; applied < 10 * HeadTimes.Most; applied += 97)
        {
            var real = At(10 * HeadTimes.Most) - At(applied + 1);
            _times.Lag((ulong)applied, At(10 * HeadTimes.Most)).ShouldBeGreaterThanOrEqualTo(real);
        }
    }

    private static TimeSpan At(int seconds) => TimeSpan.FromSeconds(seconds);
}

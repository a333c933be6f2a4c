using Paradarum.Edge.Freshness;

namespace Paradarum.Edge.Tests.Freshness;

public sealed class The_lifetime_of_a_response
{
    [Theory]
    [InlineData("Cache-Control: max-age=60, s-maxage=5", 5, "SharedMaxAge")]
    [InlineData("Cache-Control: max-age=60 | Expires: Sun, 01 Mar 2026 12:00:05 GMT", 60, "MaxAge")]
    [InlineData("Cache-Control: MAX-AGE=60", 60, "MaxAge")]
    [InlineData("Cache-Control: max-age=\"60\"", 60, "MaxAge")]
    [InlineData("Cache-Control: public, ,  max-age=60 ,", 60, "MaxAge")]
    [InlineData("Cache-Control: a=\"max-age=5, s-maxage=6\", max-age=60", 60, "MaxAge")]
    [InlineData("Cache-Control: max-age=99999999999999999999", 2147483648, "MaxAge")]
    [InlineData("Expires: Sun, 01 Mar 2026 12:01:00 GMT", 60, "Expires")]
    [InlineData("Expires: Sunday, 01-Mar-26 12:01:00 GMT", 60, "Expires")]
    [InlineData("Expires: Sun Mar  1 12:01:00 2026", 60, "Expires")]
    [InlineData(
        "CDN-Cache-Control: max-age=60 | Cache-Control: max-age=1, s-maxage=2 | Expires: Sun, 01 Mar 2026 12:00:05 GMT",
        60,
        "MaxAge"
    )]
    [InlineData("CDN-Cache-Control: max-age=60;x=y, max-age=70", 70, "MaxAge")]
    [InlineData("CDN-Cache-Control: foo=(a b), s-maxage=5, max-age=60", 5, "SharedMaxAge")]
    [InlineData("CDN-Cache-Control: | Cache-Control: max-age=60", 60, "MaxAge")]
    [InlineData("CDN-Cache-Control: max-age =60 | Cache-Control: max-age=1", 1, "MaxAge")]
    [InlineData("CDN-Cache-Control: MaX-aGe=60 | Cache-Control: max-age=1", 1, "MaxAge")]
    [InlineData("CDN-Cache-Control: max-age=60, | Cache-Control: max-age=1", 1, "MaxAge")]
    [InlineData("CDN-Cache-Control: foo | Expires: Sun, 01 Mar 2026 12:01:00 GMT", 0, "None")]
    [InlineData("Last-Modified: Sun, 01 Mar 2026 11:58:20 GMT", 10, "Heuristic")]
    [InlineData("Last-Modified: Sun, 01 Feb 2026 12:00:00 GMT", 3600, "Heuristic")]
    [InlineData("Last-Modified: Sun, 01 Mar 2026 13:00:00 GMT", 0, "None")]
    public void Comes_from_the_first_header_that_is_present(string headers, long seconds, string source)
    {
        var lifetime = Of(headers);
        ((long)lifetime.Value.TotalSeconds, lifetime.Source.ToString()).ShouldBe((seconds, source));
    }

    [Theory]
    [InlineData("Cache-Control: max-age=abc")]
    [InlineData("Cache-Control: max-age=-1")]
    [InlineData("Cache-Control: max-age=1.5")]
    [InlineData("Cache-Control: max-age=")]
    [InlineData("Cache-Control: max-age")]
    [InlineData("Cache-Control: max-age=60, max-age=70")]
    [InlineData("Cache-Control: max-age=60 | Cache-Control: max-age=60")]
    [InlineData("Cache-Control: s-maxage=x, max-age=60")]
    [InlineData("CDN-Cache-Control: max-age=\"60\"")]
    [InlineData("CDN-Cache-Control: max-age=60.5")]
    [InlineData("CDN-Cache-Control: max-age=-60")]
    [InlineData("CDN-Cache-Control: max-age")]
    [InlineData("Cache-Control: max-age=0 | Last-Modified: Sun, 01 Feb 2026 12:00:00 GMT")]
    [InlineData("Expires: 0")]
    [InlineData("Expires: soon")]
    [InlineData("Expires: Sun, 01 Mar 2026 12:01:00 GMT | Expires: Sun, 01 Mar 2026 12:02:00 GMT")]
    [InlineData("Expires: Sun, 01 Mar 2026 11:00:00 GMT")]
    public void Is_zero_when_what_decides_is_broken_or_past(string headers)
    {
        Of(headers).Value.ShouldBe(TimeSpan.Zero);
        // Nor does a rule help: the origin did say something.
        Of(headers, TimeSpan.FromSeconds(300)).Value.ShouldBe(TimeSpan.Zero);
    }

    [Theory]
    [InlineData(200, 300)]
    [InlineData(404, 300)]
    [InlineData(301, 300)]
    [InlineData(302, 0)]
    [InlineData(500, 0)]
    public void Falls_back_to_the_rule_where_the_origin_says_nothing_and_the_status_allows_a_guess(int status, int seconds) =>
        Of("Cache-Control: public", TimeSpan.FromSeconds(300), status).Value.ShouldBe(TimeSpan.FromSeconds(seconds));

    [Theory]
    [InlineData(200, "", 3600)]
    [InlineData(302, "", 0)]
    [InlineData(599, "Cache-Control: public | ", 3600)]
    public void Is_guessed_where_the_status_or_public_allows_it(int status, string control, int seconds) =>
        Of(control + "Last-Modified: Sun, 01 Feb 2026 12:00:00 GMT", status: status).Value.ShouldBe(TimeSpan.FromSeconds(seconds));

    [Fact]
    public void Is_the_rule_s_before_it_is_guessed() =>
        Of("Last-Modified: Sun, 01 Feb 2026 12:00:00 GMT", TimeSpan.FromSeconds(5))
            .ShouldBe(new(TimeSpan.FromSeconds(5), LifetimeSource.CacheRule));

    private static Lifetime Of(string headers, TimeSpan? rule = null, int status = 200)
    {
        var read = Fields.Read(headers + "|" + Fields.NoonDate);
        return Lifetime.Of(read, CacheControl.OfResponse(read), status, rule);
    }
}

public sealed class The_age_of_a_response
{
    [Theory]
    [InlineData("Age: 0", 0, 0, 0)]
    [InlineData("Age: 10", 0, 2, 12)]
    [InlineData("Age: 10, 20", 0, 0, 10)]
    [InlineData("Age: 10;x=1", 0, 0, 10)]
    [InlineData("Age: 10 | Age: 20", 0, 0, 10)]
    [InlineData("Age: 1.5", 0, 0, 0)]
    [InlineData("Age: -3", 0, 0, 0)]
    [InlineData("Age: old", 0, 1, 1)]
    [InlineData("Age: 5", 30, 0, 30)]
    [InlineData("Age: 99999999999999", 0, 0, 2147483648)]
    public void Is_the_more_pessimistic_of_date_and_age(string headers, int secondsSinceDate, int roundTrip, long expected)
    {
        var responseTime = Fields.Noon.AddSeconds(secondsSinceDate);
        var age = Age.CorrectedInitial(Fields.Read(headers + "|" + Fields.NoonDate), responseTime.AddSeconds(-roundTrip), responseTime);
        ((long)age.TotalSeconds).ShouldBe(Math.Max(expected, secondsSinceDate));
    }

    [Fact]
    public void Grows_with_the_time_it_lies_here_and_never_shrinks_when_the_clock_runs_back()
    {
        var initial = TimeSpan.FromSeconds(7);
        Age.Current(initial, Fields.Noon, Fields.Noon.AddSeconds(5)).ShouldBe(TimeSpan.FromSeconds(12));
        Age.Current(initial, Fields.Noon, Fields.Noon.AddSeconds(-5)).ShouldBe(initial);
    }
}

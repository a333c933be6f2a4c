using Paradarum.Edge.Freshness;

namespace Paradarum.Edge.Tests.Freshness;

public sealed class Reusing_a_stored_response
{
    [Theory]
    [InlineData("max-age=60", 0, "Fresh")]
    [InlineData("max-age=60", 59, "Fresh")]
    [InlineData("max-age=60", 60, "Stale")]
    [InlineData("max-age=0", 0, "Stale")]
    [InlineData("max-age=60, no-cache", 1, "NoCache")]
    [InlineData("max-age=60, no-cache=\"x\"", 1, "NoCache")]
    [InlineData("max-age=60, stale-while-revalidate=10", 69, "StaleWhileRevalidate")]
    [InlineData("max-age=60, stale-while-revalidate=10", 70, "Stale")]
    [InlineData("s-maxage=60, stale-while-revalidate=10", 65, "StaleWhileRevalidate")]
    [InlineData("max-age=60, stale-while-revalidate=10, must-revalidate", 65, "Stale")]
    [InlineData("max-age=60, stale-while-revalidate=10, proxy-revalidate", 65, "Stale")]
    public void Follows_its_lifetime(string control, int age, string verdict) =>
        Stored(control).Judge(default, Fields.Noon.AddSeconds(age)).ToString().ShouldBe(verdict);

    [Theory]
    [InlineData("max-age=60", "no-cache", 1, "AskedToRevalidate")]
    [InlineData("max-age=60", "max-age=5", 5, "Fresh")]
    [InlineData("max-age=60", "max-age=5", 6, "AskedToRevalidate")]
    [InlineData("max-age=60", "min-fresh=30", 30, "Fresh")]
    [InlineData("max-age=60", "min-fresh=30", 31, "AskedToRevalidate")]
    [InlineData("max-age=60", "max-stale=5", 65, "StaleAccepted")]
    [InlineData("max-age=60", "max-stale=5", 66, "Stale")]
    [InlineData("max-age=60", "max-stale", 6000, "StaleAccepted")]
    [InlineData("max-age=60, must-revalidate", "max-stale", 61, "Stale")]
    [InlineData("max-age=60, proxy-revalidate", "max-stale", 61, "Stale")]
    [InlineData("s-maxage=60", "max-stale", 61, "Stale")]
    public void Follows_the_request_where_that_counts(string control, string request, int age, string verdict) =>
        Stored(control).Judge(CacheControl.Parse(request), Fields.Noon.AddSeconds(age)).ToString().ShouldBe(verdict);

    [Theory]
    [InlineData("max-age=60", 61, false)]
    [InlineData("max-age=60, stale-if-error=10", 69, true)]
    [InlineData("max-age=60, stale-if-error=10", 70, false)]
    [InlineData("max-age=60, stale-if-error=10, must-revalidate", 65, false)]
    [InlineData("max-age=60, stale-if-error=10, no-cache", 65, false)]
    public void For_an_error_needs_the_origins_word(string control, int age, bool may) =>
        Stored(control).MayAnswerForError(Fields.Noon.AddSeconds(age)).ShouldBe(may);

    private static StoredFreshness Stored(string control) =>
        StoredFreshness.Of(Fields.Read($"Cache-Control: {control}|{Fields.NoonDate}"), 200, Fields.Noon, Fields.Noon, null);
}

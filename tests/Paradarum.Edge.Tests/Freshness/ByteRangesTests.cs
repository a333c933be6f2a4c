using CsCheck;
using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;

namespace Paradarum.Edge.Tests.Freshness;

/// <summary>RFC 9110 §14.1.2, §14.2 and §15.3.7.2.</summary>
public sealed class The_ranges_that_a_request_asks_for
{
    private static readonly IHeaderDictionary Stored = Fields.Read($"{Fields.NoonDate} | ETag: \"v1\"");

    [Theory]
    [InlineData("bytes=0-0", "0-0")]
    [InlineData("bytes=0-", "0-999")]
    [InlineData("Bytes=990-5000", "990-999")]
    [InlineData("bytes=-10", "990-999")]
    [InlineData("bytes=-5000", "0-999")]
    [InlineData("bytes=0-9,500-509", "0-9 500-509")]
    [InlineData("bytes=500-509, 0-9", "500-509 0-9")] // in the order that was asked for
    [InlineData("bytes=500-509,0-9,505-600", "0-9 500-600")] // what overlaps is joined, in ascending order
    [InlineData("bytes=0-9,10-19", "0-19")]
    [InlineData("bytes=0-9,90-99", "0-9 90-99")]
    [InlineData("bytes=0-9,89-99", "0-99")] // less between them than the head of a part
    [InlineData("bytes=0-9,5000-", "0-9")] // what can't be satisfied is left out
    [InlineData("bytes=1000-", "")]
    [InlineData("bytes=-0", "")]
    [InlineData("bytes=1000-,-0", "")]
    [InlineData("bytes=9-0", null)]
    [InlineData("bytes=0-9,9-0", null)]
    [InlineData("bytes=", null)]
    [InlineData("bytes=a-b", null)]
    [InlineData("bytes 0-9", null)]
    [InlineData("lines=0-9", null)]
    [InlineData("bytes=0-99999999999999999999", null)]
    public void Are_read_as_the_standard_says(string field, string? expected) => Select($"Range: {field}").ShouldBe(expected);

    [Fact]
    public void Are_at_most_sixteen_else_the_whole_is_the_answer()
    {
        Select("Range: bytes=" + string.Join(',', Enumerable.Range(0, 16).Select(i => $"{i * 90}-{i * 90}")), 10_000)!
            .Split(' ')
            .Length.ShouldBe(ByteRanges.Most);
        Select("Range: bytes=" + string.Join(',', Enumerable.Range(0, 17).Select(i => $"{i * 90}-{i * 90}")), 10_000).ShouldBeNull();
        Select("Range: bytes=" + string.Join(',', Enumerable.Repeat("0-", 5000))).ShouldBeNull();
    }

    [Fact]
    public void Do_not_count_twice_over_for_another_status_and_where_if_range_does_not_hold()
    {
        Select("Range: bytes=0-1 | Range: bytes=2-3").ShouldBeNull();
        Select("Range: bytes=0-1 | If-Range: \"v2\"").ShouldBeNull();
        Select("Range: bytes=0-1 | If-Range: \"v1\"").ShouldBe("0-1");
        ByteRanges.Select(Fields.Read("Range: bytes=0-1"), Stored, 404, 1000).ShouldBeNull();
    }

    /// <summary>The known denial of service: many overlapping ranges of one file make a server send it many times over.</summary>
    [Fact]
    public void Never_overlap_and_hold_every_byte_that_was_asked_for()
    {
        var range = Gen.Select(Gen.Long[0, 1100], Gen.Long[0, 400], Gen.Int[0, 2]);
        Gen.Select(range.List[1, 16], Gen.Long[0, 1000])
            .Sample(
                (specs, length) =>
                {
                    var text = string.Join(
                        ',',
                        specs.Select(spec =>
                            spec.Item3 switch
                            {
                                0 => $"{spec.Item1}-{spec.Item1 + spec.Item2}",
                                1 => $"{spec.Item1}-",
                                _ => $"-{spec.Item2}",
                            }
                        )
                    );
                    var asked = new HashSet<long>();
                    foreach (var (first, more, kind) in specs)
                    {
                        var from = kind == 2 ? Math.Max(0, length - more) : first;
                        var to = kind == 0 ? Math.Min(first + more, length - 1) : length - 1;
                        for (var at = from; at <= to; at++)
                            asked.Add(at);
                    }

                    var chosen = ByteRanges.Select(Fields.Read($"Range: bytes={text}"), Stored, 200, length)!;
                    var sent = new HashSet<long>();
                    foreach (var part in chosen)
                    {
                        part.Count.ShouldBeGreaterThan(0);
                        part.Last.ShouldBeLessThan(length);
                        for (var at = part.First; at <= part.Last; at++)
                            sent.Add(at).ShouldBeTrue("a byte is sent twice");
                    }
                    sent.IsSupersetOf(asked).ShouldBeTrue();
                    if (asked.Count == 0)
                        chosen.ShouldBeEmpty();
                }
            );
    }

    private static string? Select(string request, long length = 1000) =>
        ByteRanges.Select(Fields.Read(request), Stored, 200, length) is { } ranges
            ? string.Join(' ', ranges.Select(range => $"{range.First}-{range.Last}"))
            : null;
}

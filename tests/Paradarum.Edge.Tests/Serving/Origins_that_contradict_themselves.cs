using System.Net;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

public sealed class Origins_that_contradict_themselves
{
    private const int Slice = 64 << 10;

    /// <summary>RFC 9112 §6.3: a transfer coding overrides Content-Length.</summary>
    [Theory]
    [InlineData(3, "max-age=60")]
    [InlineData(9, "max-age=60")]
    [InlineData(3, "no-store")]
    [InlineData(9, "no-store")]
    public async Task With_a_length_beside_chunks_are_believed_the_chunks(int length, string control)
    {
        await using var site = await OnePop.StartAsync();
        site.Origin.Script = exchange =>
            exchange.SendAsync(
                $"HTTP/1.1 200 OK\r\nCache-Control: {control}\r\nContent-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            );

        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("hello");
        var again = await site.Visitor.GetAsync("/page");

        (again.Body, again.Cache).ShouldBe(("hello", control == "no-store" ? "BYPASS" : "HIT"));
    }

    /// <summary>The whole can be cut, by what it says, and none of its slices is to be had.</summary>
    [Theory]
    [InlineData("another tag each time")]
    [InlineData("403 Forbidden")]
    [InlineData("416 Range Not Satisfiable")]
    public async Task About_ranges_are_asked_a_few_times_for_one_visitor_and_then_for_the_whole(string how)
    {
        await using var site = await OnePop.StartAsync(options: Download.SmallSlices);
        var version = 0;
        site.Origin.Script = exchange =>
            how[0] is 'a' ? new LargeFile(10 * Slice, version: Interlocked.Increment(ref version)).AnswerAsync(exchange)
            : exchange.Request["Range"] is null ? new LargeFile(10 * Slice).AnswerAsync(exchange)
            : exchange.RespondAsync("", "Cache-Control: no-store", how);

        var got = await Download.GetAsync(site.Pop, "/film");

        (got.Status, got.Bytes.Length).ShouldBe((HttpStatusCode.OK, 10 * Slice));
        site.Origin.Requests.Count.ShouldBeLessThan(8);
    }
}

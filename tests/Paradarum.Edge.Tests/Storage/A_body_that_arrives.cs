using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Tests.Storage;

/// <summary>A visitor who has the whole body asks again, and takes it to be stored.</summary>
public sealed class A_body_that_arrives
{
    [Fact]
    public async Task Can_be_stored_whole_before_anybody_sees_its_last_bytes()
    {
        var body = new GrowingBody(bound: 64, window: 64);
        using var reader = body.Join()!;
        await Write(body, "first ");
        body.Advance(6);
        (await reader.ReadAsync(TestContext.Current.CancellationToken)).Length.ShouldBe(6);
        reader.Consume(6);

        await Write(body, "last");
        var waiting = reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();
        var stored = body.ToStored(unseen: 4)!.Value;

        stored.Length.ShouldBe(10);
        waiting.IsCompleted.ShouldBeFalse();
        body.Advance(4);
        body.Complete();
        System.Text.Encoding.ASCII.GetString((await waiting).Span).ShouldBe("last");
    }

    [Fact]
    public async Task Is_not_stored_when_its_last_bytes_go_beyond_the_bound()
    {
        var body = new GrowingBody(bound: 8, window: 64);
        using var reader = body.Join()!;
        await Write(body, "first ");
        body.Advance(6);
        await Write(body, "last");
        body.ToStored(unseen: 4).ShouldBeNull();
    }

    private static async Task Write(GrowingBody body, string text)
    {
        var room = await body.RoomAsync(TestContext.Current.CancellationToken);
        System.Text.Encoding.ASCII.GetBytes(text).CopyTo(room);
    }
}

using Paradarum.Control.Fleet;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>Who waits with <c>?wait=</c> (contract part 2).</summary>
public sealed class Waiting_for_complete
{
    [Fact]
    public async Task Ends_for_everyone_up_to_the_announced_position_and_for_nobody_beyond()
    {
        var waiters = new CompletionWaiters(announced: 3);
        await waiters.WaitAsync(3, CancellationToken.None);
        var upTo = Enumerable.Range(0, 10_000).Select(i => waiters.WaitAsync((ulong)(4 + (i % 5)), CancellationToken.None)).ToList();
        var beyond = waiters.WaitAsync(9, CancellationToken.None);

        waiters.Announce(8);

        await Task.WhenAll(upTo);
        beyond.IsCompleted.ShouldBeFalse();
        waiters.Announce(9);
        await beyond;
    }

    [Fact]
    public async Task Goes_on_for_others_when_one_of_them_goes_away()
    {
        var waiters = new CompletionWaiters(announced: 0);
        using var gone = new CancellationTokenSource();
        var leaving = waiters.WaitAsync(1, gone.Token);
        var staying = waiters.WaitAsync(1, CancellationToken.None);
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(leaving);

        staying.IsCompleted.ShouldBeFalse();
        waiters.Announce(1);
        await staying;
    }
}

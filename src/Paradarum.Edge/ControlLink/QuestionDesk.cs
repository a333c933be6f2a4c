using System.Threading.Channels;
using Paradarum.Edge.Purging;
using Paradarum.Protocol.Link;

namespace Paradarum.Edge.ControlLink;

/// <summary>
/// Answers a stream's questions about the store one after another, beside what the stream is for, and rests after each: at most about a tenth of a core goes there. What comes
/// while too many wait is left unanswered, which whoever asked is told.
/// </summary>
internal sealed class QuestionDesk(NodeState state, TimeProvider time)
{
    private const int MostWaiting = 8;
    private const int RestTimes = 9;

    private readonly StoreQuestions _store = new(state, time);
    private readonly Channel<StoreQuestion> _waiting = Channel.CreateBounded<StoreQuestion>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite }
    );

    public void Put(StoreQuestion question) => _waiting.Writer.TryWrite(question);

    public async Task RunAsync(Func<StoreAnswer, Task> send, CancellationToken stop)
    {
        await Task.Yield();
        await foreach (var question in _waiting.Reader.ReadAllAsync(stop))
        {
            var started = time.GetTimestamp();
            await send(_store.Ask(question, stop));
            var rest = time.GetElapsedTime(started) * RestTimes;
            if (rest > TimeSpan.FromMilliseconds(1))
                await Task.Delay(rest, time, stop);
        }
    }
}

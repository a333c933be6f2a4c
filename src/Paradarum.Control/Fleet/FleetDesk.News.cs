using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>The desk's other side: what the loop writes down, and those who read and wait for what is written.</summary>
internal sealed partial class FleetDesk
{
    /// <summary>Looks at the time, for every node. Returns how long until something changes by time alone. For the loop, which looks for news itself.</summary>
    public TimeSpan? Tick()
    {
        lock (_lock)
        {
            Decide(null, everyNode: true);
            var now = Now();
            return _machine.NextChange(now) - now;
        }
    }

    /// <summary>Hands a question to every open stream; says whom it reaches, and which nodes that may hold something it does not.</summary>
    public (IReadOnlyList<string> Reached, IReadOnlyList<string> Unreached) Ask(StoreQuestion question)
    {
        const int mostWaiting = 8;
        var (reached, unreached) = (new List<string>(), new List<string>());
        lock (_lock)
        {
            foreach (var node in _machine.Nodes)
            {
                if (node is { Leaving: false, Link: { Closed: false } link } && link.Questions.Count < mostWaiting)
                {
                    link.Questions.Enqueue(question);
                    _streams.Wake(link);
                    reached.Add(node.Id);
                }
                else if (node.EverConnected)
                    unreached.Add(node.Id);
            }
        }
        return (reached, unreached);
    }

    /// <summary>Whether something waits to be written, and whether someone waits for it.</summary>
    public (bool Any, bool Urgent) HasNews()
    {
        lock (_lock)
            return (!_draft.IsEmpty, _draft.IsUrgent);
    }

    /// <summary>What is to be written now; null when nothing is. Nodes that are gone come with their last record.</summary>
    public FleetNews? TakeNews()
    {
        lock (_lock)
        {
            _newsTold = default;
            // What made a range complete may be time alone, or another node's: whoever applied it is then shown so from the first moment.
            if (_draft.IsUrgent)
                NoteProgress(Now());
            return _draft.Take(_records.All);
        }
    }

    /// <summary>The news is durable: it is shown, and what was decided complete is announced.</summary>
    public void Persisted(FleetNews news)
    {
        lock (_lock)
        {
            _book.Take(news);
            if (news.Completed.Count > 0)
                _machine.Completion.Announce(news.Completed[^1].Through);
        }
        if (news.Completed.Count > 0)
            _waiters.Announce(news.Completed[^1].Through);
        Interlocked.Exchange(ref _shown, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    /// <summary>Completes when the position is announced complete.</summary>
    public Task WhenCompleteAsync(ulong position, CancellationToken stop) => _waiters.WaitAsync(position, stop);

    /// <summary>Completes when the fleet's state is such; looked at after every event, under the lock.</summary>
    public async Task WhenAsync(Func<FleetReading, bool> holds, CancellationToken stop)
    {
        var changed = new Wake();
        lock (_lock)
            _watchers.Add(changed);
        try
        {
            while (!Read(holds))
                await changed.WaitAsync(stop);
        }
        finally
        {
            lock (_lock)
                _watchers.Remove(changed);
        }
    }

    /// <summary>Reads the fleet's state for a receipt or a list, under the lock.</summary>
    public T Read<T>(Func<FleetReading, T> read)
    {
        lock (_lock)
            return read(new FleetReading(_machine, _book, _records.All, Now()));
    }
}

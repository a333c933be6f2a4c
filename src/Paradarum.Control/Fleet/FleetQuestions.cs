using System.Collections.Concurrent;
using System.Collections.Immutable;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>What came back from the fleet.</summary>
/// <param name="Answers">By node, in the order they came.</param>
/// <param name="Unanswered">Nodes that may hold something and did not say all of it in time: cut off, busy, or of a version that does not know questions.</param>
internal sealed record FleetAnswers(ImmutableArray<(string NodeId, StoreAnswer Answer)> Answers, ImmutableArray<string> Unanswered);

/// <summary>Asks every node about its store, over the streams that are open. Nothing waits for it longer than it says. Safe from any thread.</summary>
internal sealed class FleetQuestions(FleetDesk desk, TimeProvider time)
{
    private readonly ConcurrentDictionary<ulong, Asked> _asked = new();
    private ulong _last;

    /// <param name="question">Its id is given here.</param>
    /// <param name="wait">The longest it takes.</param>
    public async Task<FleetAnswers> AskAsync(StoreQuestion question, TimeSpan wait, CancellationToken stop)
    {
        question.Id = Interlocked.Increment(ref _last);
        // Known before the first can answer.
        var asked = new Asked();
        _asked[question.Id] = asked;
        try
        {
            var (reached, unreached) = desk.Ask(question);
            asked.Expect(reached);
            try
            {
                await asked.All.WaitAsync(wait, time, stop);
            }
            catch (TimeoutException)
            {
                // What is here by now is the answer.
            }
            var answers = asked.Take();
            var answered = answers.Where(one => !one.Answer.GaveUp || question.NearMisses).ToImmutableArray();
            var heard = answered.Select(one => one.NodeId).ToHashSet(StringComparer.Ordinal);
            return new FleetAnswers(
                answered,
                [.. reached.Where(id => !heard.Contains(id)).Concat(unreached).Order(StringComparer.Ordinal)]
            );
        }
        finally
        {
            _asked.TryRemove(question.Id, out _);
        }
    }

    public void Answered(string nodeId, StoreAnswer answer)
    {
        if (_asked.TryGetValue(answer.Question, out var asked))
            asked.Add(nodeId, answer);
    }

    private sealed class Asked
    {
        private readonly Lock _lock = new();
        private readonly List<(string NodeId, StoreAnswer Answer)> _answers = [];
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int? _expected;

        public Task All => _all.Task;

        public void Expect(IReadOnlyCollection<string> nodes)
        {
            lock (_lock)
            {
                _expected = nodes.Count;
                SeeWhetherAll();
            }
        }

        public void Add(string nodeId, StoreAnswer answer)
        {
            lock (_lock)
            {
                if (_answers.Exists(known => string.Equals(known.NodeId, nodeId, StringComparison.Ordinal)))
                    return;
                _answers.Add((nodeId, answer));
                SeeWhetherAll();
            }
        }

        public ImmutableArray<(string NodeId, StoreAnswer Answer)> Take()
        {
            lock (_lock)
                return [.. _answers];
        }

        private void SeeWhetherAll()
        {
            if (_answers.Count >= _expected)
                _all.TrySetResult();
        }
    }
}

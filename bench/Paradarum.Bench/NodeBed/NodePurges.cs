using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Paradarum.Edge.Purging;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Protocol.Purging;

namespace Paradarum.Bench.NodeBed;

/// <summary>Purges that are handed to a node as its link would hand them: what has arrived together is applied together.</summary>
internal sealed class NodePurges(NodeState state)
{
    /// <summary>Records that a link hands over at once.</summary>
    private const int MostAtOnce = 256;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private ulong _position = state.Current.Position;
    private ReadOnlyMemory<byte> _hash = state.Current.Hash;
    private int _distinct;

    /// <summary>Something was replaced by All: the figures are then not of what was asked.</summary>
    public bool HasWidened => state.TakeCounts().Any(count => count.Widened);

    public bool IsPending => !state.Current.Properties[NodeBedHost.PropertyId].Pending.IsEmpty;

    /// <summary>Purges that match nothing that is stored, at an even rate.</summary>
    /// <returns>How many.</returns>
    public async Task<int> SteadilyAsync(string kind, int perSecond, TimeSpan duration, CancellationToken stop)
    {
        using var tick = new PeriodicTimer(Tick, TimeProvider.System);
        var (started, applied) = (Stopwatch.GetTimestamp(), 0);
        for (var elapsed = TimeSpan.Zero; elapsed < duration; elapsed = Stopwatch.GetElapsedTime(started))
        {
            await tick.WaitForNextTickAsync(stop);
            var due = Math.Min((int)(elapsed.TotalSeconds * perSecond) - applied, MostAtOnce);
            if (due <= 0)
                continue;
            state.Apply(Records(kind, due));
            applied += due;
        }
        return applied;
    }

    /// <summary>All of them as fast as they are applied.</summary>
    /// <returns>Until the last was in force, and until none was pending.</returns>
    public async Task<(TimeSpan Applied, TimeSpan Retired)> AtOnceAsync(string kind, int count, CancellationToken stop)
    {
        var records = Records(kind, count);
        var started = Stopwatch.GetTimestamp();
        foreach (var together in records.Chunk(MostAtOnce))
            state.Apply(together);
        var applied = Stopwatch.GetElapsedTime(started);
        await UntilNoneIsPendingAsync(stop);
        return (applied, Stopwatch.GetElapsedTime(started));
    }

    /// <summary>One purge.</summary>
    /// <returns>Until it is in force, and until it is swept.</returns>
    public async Task<(TimeSpan InForce, TimeSpan Swept)> OneAsync(string type, string value, CancellationToken stop)
    {
        if (!PurgeRule.Parse(type, value, null).Ok(out var rule, out var refusal))
            throw new InvalidOperationException(refusal.Message);
        LogRecord[] one = [Record(rule)];
        var started = Stopwatch.GetTimestamp();
        state.Apply(one);
        var inForce = Stopwatch.GetElapsedTime(started);
        await UntilNoneIsPendingAsync(stop);
        return (inForce, Stopwatch.GetElapsedTime(started));
    }

    public async Task UntilNoneIsPendingAsync(CancellationToken stop)
    {
        using var tick = new PeriodicTimer(Tick, TimeProvider.System);
        while (IsPending)
            await tick.WaitForNextTickAsync(stop);
    }

    private LogRecord[] Records(string kind, int count)
    {
        var records = new LogRecord[count];
        for (var n = 0; n < count; n++)
            records[n] = Record(NotMatching(kind, _distinct++));
        return records;
    }

    /// <summary>Distinct rules of a kind; no path of the bed holds what they ask for.</summary>
    private static PurgeRule NotMatching(string kind, int n)
    {
        var (type, value, match) = kind switch
        {
            "regex" => ("Regex", string.Create(CultureInfo.InvariantCulture, $"^/never/{n}/[0-9]+[.]html$"), "regex"),
            // No two characters in a row are certain, so nothing can be looked for before the pattern is run.
            "bare" => (
                "Regex",
                "[n][e][v]" + string.Concat(n.ToString(CultureInfo.InvariantCulture).Select(digit => $"[{digit}]")),
                "regex"
            ),
            _ => (n % 5) switch
            {
                0 => ("Path", string.Create(CultureInfo.InvariantCulture, $"/never/{n}.html"), ""),
                1 => ("Regex", string.Create(CultureInfo.InvariantCulture, $"/never/equal/{n}"), "equals"),
                2 => ("Regex", string.Create(CultureInfo.InvariantCulture, $"never-{n}-"), "contains"),
                3 => ("Regex", string.Create(CultureInfo.InvariantCulture, $"/never/{n}/"), "starts_with"),
                _ => ("Regex", string.Create(CultureInfo.InvariantCulture, $"-{n}.never"), "ends_with"),
            },
        };
        return PurgeRule.Parse(type, value, match).Ok(out var rule, out var refusal)
            ? rule
            : throw new InvalidOperationException(refusal.Message);
    }

    private LogRecord Record(PurgeRule rule)
    {
        var body = new PurgeBody();
        body.Rules.Add(rule.ToMessage());
        var bytes = new RecordPayload
        {
            PropertyId = NodeBedHost.PropertyId,
            Purges = true,
            Purge = body,
        }.ToByteArray();
        _hash = Chain.Next(_hash.Span, ++_position, bytes);
        return new LogRecord(_position, _hash, bytes);
    }
}

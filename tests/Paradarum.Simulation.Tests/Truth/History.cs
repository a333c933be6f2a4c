using Microsoft.AspNetCore.Http;
using Paradarum.Protocol.Link;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Truth;

/// <summary>A purge as its client knows it.</summary>
internal sealed class KnownPurge(int number, int property, int paths, string host, long askedAt)
{
    public int Number => number;

    public int Property => property;

    /// <summary>Bits of the paths it takes with it.</summary>
    public int Paths => paths;

    /// <summary>Through which hostname the client found its property.</summary>
    public string Host => host;

    /// <summary>When the client sent it: what changed before is to be seen after it.</summary>
    public long AskedAt => askedAt;

    public string Epoch { get; set; } = "";

    /// <summary>What it asked for, in the log's own form.</summary>
    public RecordPayload? Payload { get; set; }

    public ulong Position { get; set; }

    /// <summary>When the client had the 200 in hand.</summary>
    public long AcceptedAt { get; set; } = long.MaxValue;

    /// <summary>When the client had read <c>complete</c>.</summary>
    public long CompleteAt { get; set; } = long.MaxValue;

    /// <summary>When the client had read that the node applied it.</summary>
    public long[] AppliedAt { get; } = [.. Enumerable.Repeat(long.MaxValue, Place.Nodes)];
}

/// <summary>A hostname's move as its client knows it.</summary>
internal readonly record struct KnownMove(long AskedAt, long DoneAt, int Owner);

/// <summary>
/// What an outsider knows, and what he must conclude: he owns the origins, asks for purges, reads receipts, visits PoPs, and listens at the wire between a node and its
/// upstreams. Nothing here looks into a node or the control plane.
/// </summary>
internal sealed class History(Time time, Origin origin)
{
    private readonly List<KnownPurge> _purges = [];
    private readonly List<KnownMove> _moves = [new(long.MinValue, long.MinValue, 1)];
    private ulong _digest = 14695981039346656037;
    private int _readsSince;
    private long _lastAskedAt;

    /// <summary>What was broken first, in words; null: nothing.</summary>
    public string? Broken { get; private set; }

    public IReadOnlyList<KnownPurge> Purges => _purges;

    public int Answers { get; private set; }

    /// <summary>How many purges the client will ask for.</summary>
    public int PurgesToCome { get; init; }

    /// <summary>Answers to the last visits: those of the latest instant at which any was asked.</summary>
    public int LastAnswers { get; private set; }

    public int Complete { get; private set; }

    /// <summary>Answers that were right after the client had read complete, for a page that the purge names.</summary>
    public int Judged { get; private set; }

    /// <summary>Pages were asked for before the first purge, between the first and the last, and after the last.</summary>
    public bool ReadsAcrossAll => _readsSince == 7;

    /// <summary>One number for all that was seen: two runs of one seed agree on it.</summary>
    public ulong Digest => _digest;

    /// <summary>Lines of what was seen, when someone reads them.</summary>
    public List<string>? Trace { get; init; }

    /// <summary>The log was put back from a backup: moves may have been undone.</summary>
    public bool WasRestored { get; set; }

    /// <summary>Shields that nothing was done to: bits.</summary>
    public int Undisturbed { get; set; }

    /// <summary>Nodes of which a second process was started while the first lived.</summary>
    public int Doubled { get; set; }

    public KnownPurge Asked(int property, int paths, string host)
    {
        var purge = new KnownPurge(_purges.Count, property, paths, host, time.Now);
        _purges.Add(purge);
        Note(1, property, paths);
        Trace?.Add(Line($"purge {purge.Number} of property {property} paths {paths:b5} asked"));
        return purge;
    }

    public void Accepted(KnownPurge purge, string epoch, ulong position, RecordPayload payload)
    {
        purge.Payload = payload;
        (purge.Epoch, purge.Position, purge.AcceptedAt) = (epoch, position, time.Now);
        Note(2, purge.Number, (long)position);
        Trace?.Add(Line($"purge {purge.Number} accepted at {epoch}:{position}"));
    }

    /// <summary>Whether what was accepted is there whatever server fails: every commit waits for a standby.</summary>
    public bool NothingIsLost { get; init; }

    /// <summary>A control plane has no receipt for a purge that was accepted.</summary>
    public void NotFound(KnownPurge purge)
    {
        Trace?.Add(Line($"purge {purge.Number} is not found"));
        if (NothingIsLost)
            Break($"G1: purge {purge.Number}, accepted at {purge.Epoch}:{purge.Position}, is not found");
    }

    /// <summary>A receipt names what it is about.</summary>
    public void Shown(KnownPurge purge, RecordPayload items)
    {
        if (purge.Payload is { } asked && !ReferenceEquals(asked, items) && !asked.Equals(items))
            Break($"G1, receipt: that of purge {purge.Number}, accepted at {purge.Epoch}:{purge.Position}, is about another one");
    }

    /// <summary>A receipt was read.</summary>
    /// <returns>Nodes that are new in it.</returns>
    public int Read(KnownPurge purge, int applied, bool complete)
    {
        var news = 0;
        for (var node = 0; node < Place.Nodes; node++)
        {
            if ((applied & (1 << node)) == 0 || purge.AppliedAt[node] != long.MaxValue)
                continue;
            purge.AppliedAt[node] = time.Now;
            news |= 1 << node;
        }
        if (complete && purge.CompleteAt == long.MaxValue)
        {
            purge.CompleteAt = time.Now;
            Complete++;
        }
        Note(3, applied, complete ? 1 : 0);
        Trace?.Add(Line($"receipt {purge.Number}: applied {applied:b6}{(complete ? " complete" : "")}"));

        // G3: a shield to which nothing happened is live, so no PoP can have been sent what it has not applied.
        const int pops = ((1 << Place.Nodes) - 1) & ~((1 << Place.Shields) - 1);
        var behind = Undisturbed & ~applied;
        if ((applied & pops) != 0 && behind != 0)
            Break($"G3: receipt of purge {purge.Number} says that PoPs applied it ({applied:b6}) before a live shield ({behind:b2})");
        return news;
    }

    public void Moved(long askedAt, int owner)
    {
        _moves.Add(new KnownMove(askedAt, time.Now, owner));
        Trace?.Add(Line($"moving host belongs to property {owner}"));
    }

    /// <summary>A visitor asks for a page.</summary>
    public void Visited() =>
        _readsSince |=
            _purges.Count == 0 ? 1
            : _purges.Count < PurgesToCome ? 2
            : 4;

    /// <summary>A visitor was answered with a page.</summary>
    public void Answered(int pop, int page, long askedAt, KnownPurge? named, Content content)
    {
        Answers++;
        Note(4, ((long)pop << 32) | (uint)page, content.Number);
        Trace?.Add(
            Line(
                $"visit of {Topology.HostOf(page)}{Topology.TargetOf(page)} at {Topology.NameOf(pop)} asked {askedAt / (double)Time.Second:F4} {(named is null ? "" : $"naming {named.Number} ")}got {content}"
            )
        );
        LastAnswers = askedAt > _lastAskedAt ? 1 : LastAnswers + (askedAt == _lastAskedAt ? 1 : 0);
        _lastAskedAt = Math.Max(_lastAskedAt, askedAt);
        var path = 1 << content.Path;
        foreach (var purge in _purges)
        {
            if (purge.Property != content.Property || (purge.Paths & path) == 0)
                continue;
            if (Reason(purge, pop, askedAt, named) is not { } reason)
                continue;
            Judged++;
            if (content.Version < origin.VersionAt(content.Property, content.Path, purge.AskedAt))
                Break(
                    $"{reason}: {Topology.NameOf(pop)} answered with {content}, which purge {purge.Number} purged, to a visitor of {askedAt / (double)Time.Second:F4}"
                );
        }
        JudgeOwner(pop, page, askedAt, content);
    }

    public void Failed(int pop, int page, int status)
    {
        Note(5, ((long)pop << 32) | (uint)page, status);
        Trace?.Add(Line($"visit of {Topology.HostOf(page)}{Topology.TargetOf(page)} at {Topology.NameOf(pop)} got {status}"));
    }

    /// <summary>A node asks an upstream about something it stored. Seen at the wire, as it leaves.</summary>
    public void Conditional(int node, int property, int path, IHeaderDictionary request)
    {
        // A process that was displaced and is fenced may ask; its successor is what receipts speak of.
        if (request.IfNoneMatch.Count == 0 || (Doubled & (1 << node)) != 0)
            return;
        foreach (var purge in _purges)
        {
            if (purge.Property != property || (purge.Paths & (1 << path)) == 0 || purge.AppliedAt[node] > time.Now)
                continue;
            if (Origin.NewestWith(request.IfNoneMatch[0]!) < origin.VersionAt(property, path, purge.AskedAt))
                Break(
                    $"G2: {Topology.NameOf(node)} asks about {request.IfNoneMatch[0]} of path {path}, which purge {purge.Number} purged and it applied"
                );
        }
    }

    /// <summary>Why an answer must be newer than a purge; null when it need not be.</summary>
    private string? Reason(KnownPurge purge, int pop, long askedAt, KnownPurge? named)
    {
        if (purge.CompleteAt <= askedAt)
            return "G6, complete";
        // Where a second process was started, its former one may answer, fenced and through a shield that is behind: for both together only complete is said.
        if (purge.AppliedAt[pop] <= askedAt && (Doubled & (1 << pop)) == 0)
            return "G2/G4, applied";
        if (ReferenceEquals(named, purge) && KnowsEpoch(purge, pop, askedAt))
            return "G4, named";
        return null;
    }

    /// <summary>A token of an epoch that the PoP has not heard of is ignored (contract part 2).</summary>
    private bool KnowsEpoch(KnownPurge named, int pop, long askedAt)
    {
        if (named.Epoch == Fleet.SimulatedLog.FirstEpoch)
            return true;
        foreach (var purge in (Doubled & (1 << pop)) != 0 ? [] : _purges)
        {
            if (purge.Epoch == named.Epoch && purge.AppliedAt[pop] <= askedAt)
                return true;
        }
        return false;
    }

    /// <summary>The log is in order: who applied a purge that was asked for after a hostname had moved has applied the move. A fenced one may not have heard of it.</summary>
    private void JudgeOwner(int pop, int page, long askedAt, Content content)
    {
        if (WasRestored || (Doubled & (1 << pop)) != 0 || page / Topology.PathCount != Topology.MovingHost)
            return;
        var since = 0;
        foreach (var purge in _purges)
        {
            if (purge.AppliedAt[pop] > askedAt)
                continue;
            for (var move = since + 1; move < _moves.Count && _moves[move].DoneAt <= purge.AskedAt; move++)
                since = move;
        }
        for (var move = since; move < _moves.Count; move++)
        {
            if (_moves[move].Owner == content.Property)
                return;
        }
        Break($"G4, hostname: {Topology.NameOf(pop)} answered with {content} of a property that no longer owns the host");
    }

    private void Break(string what)
    {
        Trace?.Add(Line("BROKEN " + what));
        Broken ??= Line(what);
    }

    private string Line(string what) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{time.Now / (double)Time.Second:F4}s {what}");

    private void Note(long kind, long one, long other)
    {
        _digest = (_digest ^ (ulong)time.Now) * 1099511628211;
        _digest = (_digest ^ (ulong)((kind << 56) ^ (one << 20) ^ other)) * 1099511628211;
    }
}

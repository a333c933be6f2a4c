using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Paradarum.Control.Api;
using Paradarum.Control.Fleet;

namespace Paradarum.Control.Purging;

/// <summary>One event of a purge's stream, ready to be sent.</summary>
/// <param name="Version">When it last changed, in the watch's own count: what a listener has seen is one number.</param>
internal sealed record WatchEvent(long Version, ReadOnlyMemory<byte> Bytes);

/// <summary>Everything a listener may be told now: the last event of the purge's state and of each node. Older ones are of no use to anyone, so none is kept.</summary>
/// <param name="Version">The newest of its events.</param>
/// <param name="Changed">Completes when there is a newer one.</param>
internal sealed record WatchView(long Version, ImmutableArray<WatchEvent> Events, bool IsLast, Task Changed)
{
    /// <summary>What the events say, for those in this process; null until the purge was looked at.</summary>
    public PurgeStanding? Standing { get; init; }
}

/// <summary>
/// One purge that is listened to, however many listen: looked at once per change, its events written once. A listener takes what is newer than what it has seen, so a slow
/// one misses steps in between and never where things stand; it costs one number.
/// </summary>
internal sealed class PurgeWatch
{
    private readonly string _purgeId;
    private readonly PurgeRow _row;
    private readonly string _name;
    private readonly Dictionary<string, (NodeProgress Said, WatchEvent Event)> _nodes = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PurgeState? _state;
    private WatchEvent? _stateEvent;
    private long _version;
    private volatile WatchView _view;

    /// <param name="name">Of this watch among all that ever were: an event id of another one is not taken for one of this.</param>
    public PurgeWatch(string purgeId, PurgeRow row, string name)
    {
        (_purgeId, _row, _name) = (purgeId, row, name);
        _view = new WatchView(0, [], IsLast: false, _changed.Task);
    }

    public PurgeRow Row => _row;

    public WatchView View => _view;

    /// <summary>How many listen now. Guarded by the watches' lock.</summary>
    public int Listeners { get; set; }

    /// <summary>What a <c>Last-Event-ID</c> says was seen; 0 when it is not one of this watch, which sends everything as it stands once more.</summary>
    public long SeenBy(string? lastEventId)
    {
        var end = lastEventId?.LastIndexOf('-') ?? -1;
        return
            end > 0
            && lastEventId.AsSpan(0, end).SequenceEqual(_name)
            && long.TryParse(lastEventId.AsSpan(end + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : 0;
    }

    /// <summary>Takes in where the purge stands. One caller at a time.</summary>
    public void Take(PurgeStanding standing)
    {
        if (_view.IsLast)
            return;
        var before = _version;
        // Nodes first: when the state says that a step is over, the nodes that ended it have been told.
        foreach (var node in standing.Nodes)
        {
            if (!_nodes.TryGetValue(node.Id, out var known) || known.Said != node)
                _nodes[node.Id] = (node, Event("node", PurgeReceipt.Line(node)));
        }
        if (_state != standing.State)
        {
            _state = standing.State;
            _stateEvent = Event("state", new WatchedState(_purgeId, PurgeReceipt.StateName(standing.State), standing.CompletedAt));
        }
        var last = standing.State == PurgeState.Complete ? Event("complete", PurgeReceipt.Of(_purgeId, _row, standing, [])) : null;
        if (_version == before)
            return;

        var events = _nodes.Values.Select(node => node.Event).Append(_stateEvent!).OrderBy(one => one.Version);
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _view = new WatchView(_version, last is null ? [.. events] : [.. events, last], last is not null, changed.Task)
        {
            Standing = standing,
        };
        (changed, _changed) = (_changed, changed);
        changed.SetResult();
    }

    private WatchEvent Event<T>(string kind, T data)
    {
        var version = ++_version;
        var json = JsonSerializer.SerializeToUtf8Bytes(data, ApiJson.Options);
        var head = System.Text.Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"event: {kind}\nid: {_name}-{version}\ndata: ")
        );
        return new WatchEvent(version, (byte[])[.. head, .. json, (byte)'\n', (byte)'\n']);
    }
}

/// <summary>The data of a <c>state</c> event.</summary>
internal sealed record WatchedState(string PurgeId, string State, DateTimeOffset? CompletedAt);

using System.Collections.Concurrent;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Storage;

/// <summary>
/// The resources of one path, whatever scheme, host and query: a row of them while they are few, which nearly always is one, so that it costs no object of its own; else a
/// <see cref="PathCrowd"/>. Found and enumerated without a lock; changed, and asked for a target, under the gate of the path.
/// </summary>
internal abstract class PathResources
{
    /// <summary>More of them are found through dictionaries: some sites have 100 000 queries under one path.</summary>
    protected const int Few = 8;

    internal abstract Resource? Find(CacheKey wanted);

    /// <summary>Every one that is there from beginning to end, once; what comes or goes meanwhile may be seen or not.</summary>
    internal abstract IEnumerable<Resource> All();

    /// <summary>Those of one keyed target: one for each scheme and host that it was asked for under, and for what a cache rule puts into its key.</summary>
    internal abstract IEnumerable<Resource> OfTarget(CanonicalTarget target);

    /// <returns>What the path holds from now on.</returns>
    internal abstract PathResources With(Resource added);

    /// <returns>What the path holds from now on; null: nothing.</returns>
    internal abstract PathResources? Without(Resource gone);
}

/// <summary>Many resources of one path.</summary>
internal sealed class PathCrowd : PathResources
{
    private readonly ConcurrentDictionary<CacheKey, Resource> _byKey = new();
    private readonly Dictionary<CanonicalTarget, List<Resource>> _byTarget = []; // under the gate alone

    public PathCrowd(IEnumerable<Resource> resources)
    {
        foreach (var resource in resources)
            With(resource);
    }

    internal override Resource? Find(CacheKey wanted) => _byKey.GetValueOrDefault(wanted);

    internal override IEnumerable<Resource> All() => _byKey.Select(pair => pair.Value);

    internal override IEnumerable<Resource> OfTarget(CanonicalTarget target) =>
        _byTarget.TryGetValue(target, out var sameTarget) ? sameTarget : [];

    internal override PathResources With(Resource added)
    {
        if (!_byTarget.TryGetValue(added.Key.Target, out var sameTarget))
            _byTarget.Add(added.Key.Target, sameTarget = new(1));
        sameTarget.Add(added);
        _byKey[added.Key] = added;
        return this;
    }

    internal override PathResources? Without(Resource gone)
    {
        _byKey.TryRemove(gone.Key, out _);
        var sameTarget = _byTarget[gone.Key.Target];
        sameTarget.Remove(gone);
        if (sameTarget.Count == 0)
            _byTarget.Remove(gone.Key.Target);
        return _byTarget.Count == 0 ? null : this;
    }
}

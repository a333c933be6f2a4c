namespace Paradarum.Edge.Purging;

/// <summary>When pending rules may be forgotten (design section 3, The fence). Pure.</summary>
internal static class Retirement
{
    /// <summary>So many rules may wait for one slow fetch; then the horizon moves past them, and that fetch is neither joined nor stored.</summary>
    public const int MostWaitingForFetches = 1000;

    /// <summary>
    /// Rules up to the returned position may retire: no entry and no fetch in flight is older than they are.
    /// </summary>
    /// <param name="testedThrough">Every entry that was stored when this position was published has been tested against its rules, or was stored later by a fetch
    /// that tests it itself.</param>
    /// <param name="oldestFetch">Oldest stamp of a fetch in flight, 0 for one that has not read its stamp, <see cref="ulong.MaxValue"/> when there is none.</param>
    public static ulong Through(ulong testedThrough, ulong oldestFetch) => Math.Min(testedThrough, oldestFetch);
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Paradarum.Protocol;

namespace Paradarum.Control.Access;

/// <summary>
/// Slows down those who try passwords: for one account (an address that nobody has counts as one too) and for one place. The first failures are free, so that a slip costs
/// nothing; then each one doubles the time until the next try is looked at.
/// </summary>
/// <remarks>
/// While it runs, a right password is refused as well: else the answer would tell that it is right. The longest time is short enough that a stranger who keeps failing does
/// not lock the owner out. In memory, bounded: of more than <see cref="MostKept"/> the ones that failed longest ago are forgotten.
/// </remarks>
internal sealed class LoginGate(TimeProvider time)
{
    public const int FreeOfAccount = 5;
    public const int FreeOfPlace = 30;
    public const int MostKept = 20_000;

    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    /// <summary>After so long without a failure all is forgotten.</summary>
    public static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(15);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Failures>> _known = new(StringComparer.Ordinal); // under _lock
    private readonly LinkedList<Failures> _oldestFirst = new(); // under _lock

    /// <summary>Null when the password may be looked at; else the refusal, which says when.</summary>
    public Refusal? Look(string email, IPAddress? from)
    {
        var now = time.GetTimestamp();
        TimeSpan wait;
        lock (_lock)
            wait = Longer(
                WaitOf(KeyOf(email), FreeOfAccount, now),
                PlaceOf(from) is { } place ? WaitOf(place, FreeOfPlace, now) : TimeSpan.Zero
            );
        if (wait <= TimeSpan.Zero)
            return null;
        var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
        return Refusal.TooMany(Sentence(seconds), wait);
    }

    public static string Sentence(int seconds) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"Too many failed sign-ins. Try again in {seconds} {(seconds == 1 ? "second" : "seconds")}."
        );

    public void Failed(string email, IPAddress? from)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            Count(KeyOf(email), now);
            if (PlaceOf(from) is { } place)
                Count(place, now);
        }
    }

    /// <summary>The account's failures are forgotten, the place's are not: one account of one's own must not pay for tries at others.</summary>
    public void Succeeded(string email)
    {
        lock (_lock)
        {
            if (_known.Remove(KeyOf(email), out var node))
                _oldestFirst.Remove(node);
        }
    }

    private TimeSpan WaitOf(string key, int free, long now)
    {
        if (!_known.TryGetValue(key, out var node) || node.Value.Count <= free)
            return TimeSpan.Zero;
        var failures = node.Value;
        var since = time.GetElapsedTime(failures.Last, now);
        if (since >= Forgotten)
            return TimeSpan.Zero;
        var wait = TimeSpan.FromSeconds(Math.Min(1L << Math.Min(failures.Count - free - 1, 30), LongestWait.TotalSeconds));
        return wait - since;
    }

    private void Count(string key, long now)
    {
        if (_known.Remove(key, out var node))
            _oldestFirst.Remove(node);
        var before = node is null || time.GetElapsedTime(node.Value.Last, now) >= Forgotten ? 0 : node.Value.Count;
        _known[key] = _oldestFirst.AddLast(new Failures(key, before + 1, now));
        if (_known.Count > MostKept && _oldestFirst.First is { } oldest)
        {
            _known.Remove(oldest.Value.Key);
            _oldestFirst.RemoveFirst();
        }
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    /// <summary>Of one size, however long the text is.</summary>
    private static string KeyOf(string email) =>
        "account " + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(UserDirectory.Folded(email))).AsSpan(0, 16));

    /// <summary>
    /// An IPv4 address, or the 64 bits of an IPv6 network that one subscriber has. Null for this machine: behind a proxy on it everyone comes from there.
    /// </summary>
    private static string? PlaceOf(IPAddress? from)
    {
        if (from is null || IPAddress.IsLoopback(from))
            return null;
        if (from.AddressFamily != AddressFamily.InterNetworkV6 || from.IsIPv4MappedToIPv6)
            return $"place {(from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from)}";
        return "place " + Convert.ToHexString(from.GetAddressBytes().AsSpan(0, 8));
    }

    private readonly record struct Failures(string Key, int Count, long Last);
}

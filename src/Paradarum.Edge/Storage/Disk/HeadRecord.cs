using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Paradarum.Edge.Freshness;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>An entry without its body, as it stands in an index (docs/formats/store.md). Without I/O.</summary>
internal static class HeadRecord
{
    private const long LongestDelta = (1L << 32) * TimeSpan.TicksPerSecond; // delta-seconds are held at 2^31 (RFC 9111 section 1.2.2)
    private static readonly long LastTick = DateTimeOffset.MaxValue.UtcTicks;

    /// <summary>Writes everything of a response but its bytes. A new property of <see cref="StoredResponse"/> or of what it holds belongs here, and a test says so.</summary>
    public static void Write(IBufferWriter<byte> to, StoredResponse entry, long offset, long length)
    {
        var writer = new RecordWriter(to);
        writer.Number(entry.PropertyId);
        writer.Text(entry.Key.Scheme);
        writer.Text(entry.Key.Parts.Length == 0 ? entry.Key.Host : $"{entry.Key.Host}\n{entry.Key.Parts}");
        writer.Text(entry.Key.Target.PathAndQuery);
        writer.Text(entry.Fetched.Equals(entry.Key.Target) ? null : entry.Fetched.PathAndQuery);
        writer.Number(entry.Stamp);
        writer.Number(entry.CheckedAt);
        writer.Number(offset);
        writer.Number(length);
        writer.Count(entry.Status);
        WriteFreshness(writer, entry.Freshness);
        writer.Count(entry.Vary.Names.Length);
        for (var i = 0; i < entry.Vary.Names.Length; i++)
        {
            writer.Text(entry.Vary.Names[i]);
            writer.Text(entry.Vary.Values[i]);
        }
        writer.Count(entry.Headers.Count);
        foreach (var (name, values) in entry.Headers)
        {
            writer.Text(name);
            writer.Count(values.Count);
            foreach (var value in values)
                writer.Text(value);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="bytes">The record.</param>
    /// <param name="texts">Gives one instance for texts that many entries share.</param>
    /// <exception cref="RecordException">It does not read.</exception>
    public static ReadHead Read(ReadOnlySpan<byte> bytes, SharedTexts texts)
    {
        var reader = new RecordReader(bytes);
        var propertyId = reader.Number();
        var key = Key(texts.One(reader.Text()), texts.One(reader.Text()), Target(reader.Text()));
        var fetched = reader.TextOrNull() is { } other ? Target(other) : key.Target;
        var stamp = reader.Unsigned();
        _ = reader.Unsigned(); // checked at: up to the cursor it says no more than that, and behind it it is not believed
        var (offset, length) = (reader.Number(), reader.Number());
        if (offset < 0 || length < 0)
            throw new RecordException("the body's place is out of range");
        var status = reader.Count32();
        if (status is < 100 or > 999)
            throw new RecordException("a status is out of range");
        var freshness = ReadFreshness(ref reader);
        var vary = ReadVary(ref reader, texts);
        var headers = new HeaderDictionary();
        for (var left = reader.Count(); left > 0; left--)
        {
            var name = texts.One(reader.Text());
            var values = new string?[reader.Count()];
            for (var i = 0; i < values.Length; i++)
                values[i] = reader.TextOrNull() is { } value ? texts.One(value) : null;
            headers[name] = values is [var only] ? new StringValues(only) : new StringValues(values);
        }
        if (!reader.IsAtEnd)
            throw new RecordException("something follows its end");
        return new(propertyId, key, fetched, stamp, offset, length, status, freshness, vary, headers);
    }

    /// <summary>What a cache rule put into the key stands behind the host: a reader that does not know of it has a host that nobody asks for.</summary>
    private static CacheKey Key(string scheme, string host, CanonicalTarget target) =>
        host.IndexOf('\n', StringComparison.Ordinal) is var end and >= 0
            ? new CacheKey(scheme, host[..end], target, host[(end + 1)..])
            : new CacheKey(scheme, host, target);

    private static void WriteFreshness(RecordWriter writer, in StoredFreshness freshness)
    {
        writer.Number(freshness.Lifetime.Value.Ticks);
        writer.Byte((byte)freshness.Lifetime.Source);
        writer.Number(freshness.InitialAge.Ticks);
        writer.Number(freshness.ResponseTime.UtcTicks);
        writer.Byte((byte)((freshness.NoCache ? 1 : 0) | (freshness.MustRevalidate ? 2 : 0) | (freshness.AllowsAuthorized ? 4 : 0)));
        writer.Number(freshness.StaleWhileRevalidate.Ticks);
        writer.Number(freshness.StaleIfError.Ticks);
    }

    private static StoredFreshness ReadFreshness(ref RecordReader reader)
    {
        // Differences of two dates at most, and no age began before time did: what is added to them and taken from them later does not overflow.
        var lifetime = new Lifetime(Span(ref reader, -LastTick, LastTick), (LifetimeSource)reader.Byte());
        var initialAge = Span(ref reader, 0, LastTick);
        var ticks = Span(ref reader, 0, LastTick).Ticks;
        if (initialAge.Ticks > Math.Max(ticks, LongestDelta))
            throw new RecordException("an age is out of range");
        var marks = reader.Byte();
        return new(
            lifetime,
            initialAge,
            new DateTimeOffset(ticks, TimeSpan.Zero),
            NoCache: (marks & 1) != 0,
            MustRevalidate: (marks & 2) != 0,
            AllowsAuthorized: (marks & 4) != 0,
            Span(ref reader, 0, LongestDelta),
            Span(ref reader, 0, LongestDelta)
        );
    }

    private static TimeSpan Span(ref RecordReader reader, long least, long most) =>
        reader.Number() is var ticks && ticks >= least && ticks <= most
            ? new TimeSpan(ticks)
            : throw new RecordException("a time is out of range");

    private static VaryKey ReadVary(ref RecordReader reader, SharedTexts texts)
    {
        var count = reader.Count();
        if (count == 0)
            return VaryKey.None;
        var (names, values) = (new string[count], new string?[count]);
        for (var i = 0; i < count; i++)
        {
            names[i] = texts.One(reader.Text());
            values[i] = reader.TextOrNull() is { } value ? texts.One(value) : null;
        }
        return VaryKey.Restore(names, values);
    }

    /// <summary>Canonical when it was written, and of this version (the store's state says so): parsing it changes nothing.</summary>
    private static CanonicalTarget Target(string text) =>
        CanonicalTarget.Parse(text).Ok(out var target, out _) && string.Equals(target.PathAndQuery, text, StringComparison.Ordinal)
            ? target
            : throw new RecordException("a target is not canonical");
}

/// <summary>What a head holds, before it is an entry of this process.</summary>
internal sealed record ReadHead(
    long PropertyId,
    CacheKey Key,
    CanonicalTarget Fetched,
    ulong Stamp,
    long Offset,
    long Length,
    int Status,
    StoredFreshness Freshness,
    VaryKey Vary,
    HeaderDictionary Headers
)
{
    /// <param name="body">Where its bytes are.</param>
    /// <param name="testedThrough">
    /// Every rule up to here was tested on it before the former process ended: the durable cursor. What is known behind it is not believed: whatever comes there is tested, though it be what the log
    /// has in the place of what it lost (docs/decisions/set-back.md).
    /// </param>
    /// <param name="generation">The node's, of this process.</param>
    public StoredResponse ToEntry(DiskBody body, ulong testedThrough, long generation)
    {
        var entry = new StoredResponse(
            new Origin(this, Math.Min(Stamp, testedThrough), generation),
            Status,
            Headers,
            new StoredBody(body),
            Freshness,
            Vary
        );
        entry.RaiseCheckedAt(testedThrough);
        return entry;
    }

    private sealed class Origin : Stamped
    {
        public Origin(ReadHead head, ulong stamp, long generation)
            : base(head.PropertyId) => (Key, Fetched, Stamp, Generation) = (head.Key, head.Fetched, stamp, generation);

        public override CacheKey Key { get; }

        public override CanonicalTarget Fetched { get; }
    }
}

/// <summary>Hosts, field names and usual values stand in a million heads: one instance of each is enough.</summary>
internal sealed class SharedTexts
{
    private const int Longest = 64;
    private const int Most = 16_384;

    private readonly Dictionary<string, string> _known = new(StringComparer.Ordinal);

    public string One(string text)
    {
        if (text.Length > Longest)
            return text;
        if (_known.TryGetValue(text, out var known))
            return known;
        if (_known.Count < Most)
            _known.Add(text, text);
        return text;
    }
}

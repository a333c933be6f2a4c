using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Paradarum.Edge.Storage;

/// <summary>
/// The header fields of one stored response: in a row that all responses with the same names and usual values share (<see cref="FieldRow"/>), and the values that are this one's own. A
/// dictionary with texts of its own would take several times as much, and a response has few fields. Read only; a name is looked for from the start, without regard to case.
/// </summary>
internal abstract class StoredFields : IHeaderDictionary
{
    private readonly FieldRow _row;

    private StoredFields(FieldRow row) => _row = row;

    /// <summary>The values that the row does not have, in its order.</summary>
    private protected abstract ReadOnlySpan<StringValues> Own { get; }

    public int Count => _row.Names.Length;

    public bool IsReadOnly => true;

    public ICollection<string> Keys => [.. _row.Names];

    public ICollection<StringValues> Values => [.. this.Select(pair => pair.Value)];

    public long? ContentLength
    {
        get => long.TryParse(this["Content-Length"], out var length) && length >= 0 ? length : null;
        set => throw Unchangeable();
    }

    public StringValues this[string key]
    {
        get => TryGetValue(key, out var value) ? value : StringValues.Empty;
        set => throw Unchangeable();
    }

    /// <summary>The same fields; itself when it is one already.</summary>
    public static StoredFields Of(IHeaderDictionary headers)
    {
        if (headers is StoredFields already)
            return already;
        var (names, values, common, at) = (new string[headers.Count], new StringValues[headers.Count], new string?[headers.Count], 0);
        foreach (var (name, value) in headers)
        {
            (names[at], values[at]) = (name, value);
            // A tag is of one response alone: to remember it would only drive out what is not.
            if (value.Count == 1 && value[0] is { } text && !name.Equals("ETag", StringComparison.OrdinalIgnoreCase))
            {
                var isUsual = UsualTexts.TryKnow(text, out var known);
                values[at] = known;
                common[at] = isUsual && FieldRow.MayBeCommon(name) ? known : null;
            }
            at++;
        }
        var row = FieldRow.Of(names, common);
        var own = 0;
        for (var i = 0; i < at; i++)
        {
            if (row.Common(i) is null)
                values[own++] = values[i];
        }
        return own <= Few.Most ? new Few(row, values.AsSpan(0, own)) : new Many(row, values[..own]);
    }

    /// <summary>Sets every field but Age, which is worked out anew for each answer.</summary>
    public void WriteTo(IHeaderDictionary answer)
    {
        var names = _row.Names;
        var values = Own;
        var own = 0;
        for (var i = 0; i < names.Length; i++)
        {
            var value = _row.Common(i) is { } common ? new StringValues(common) : values[own++];
            if (i != _row.Age)
                answer[names[i]] = value;
        }
    }

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out StringValues value)
    {
        var names = _row.Names;
        var values = Own;
        var own = 0;
        for (var i = 0; i < names.Length; i++)
        {
            var common = _row.Common(i);
            if (names[i].Equals(key, StringComparison.OrdinalIgnoreCase))
            {
                value = common is null ? values[own] : new StringValues(common);
                return true;
            }
            own += common is null ? 1 : 0;
        }
        value = StringValues.Empty;
        return false;
    }

    public bool ContainsKey(string key) => TryGetValue(key, out _);

    public bool Contains(KeyValuePair<string, StringValues> item) => TryGetValue(item.Key, out var value) && value.Equals(item.Value);

    public void CopyTo(KeyValuePair<string, StringValues>[] array, int arrayIndex)
    {
        foreach (var field in this)
            array[arrayIndex++] = field;
    }

    public IEnumerator<KeyValuePair<string, StringValues>> GetEnumerator()
    {
        var own = 0;
        for (var i = 0; i < _row.Names.Length; i++)
            yield return KeyValuePair.Create(_row.Names[i], _row.Common(i) is { } common ? new StringValues(common) : Own[own++]);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Add(string key, StringValues value) => throw Unchangeable();

    public void Add(KeyValuePair<string, StringValues> item) => throw Unchangeable();

    public bool Remove(string key) => throw Unchangeable();

    public bool Remove(KeyValuePair<string, StringValues> item) => throw Unchangeable();

    public void Clear() => throw Unchangeable();

    private static NotSupportedException Unchangeable() => new("What is stored is as the origin sent it.");

    /// <summary>Their values in the object itself: an array would cost 32 bytes more.</summary>
    private sealed class Few : StoredFields
    {
        public const int Most = 4;

        private readonly Row _values;

        public Few(FieldRow row, ReadOnlySpan<StringValues> own)
            : base(row) => own.CopyTo(_values);

        private protected override ReadOnlySpan<StringValues> Own => _values;

        [InlineArray(Most)]
        private struct Row
        {
            private StringValues _first;
        }
    }

    private sealed class Many(FieldRow row, StringValues[] own) : StoredFields(row)
    {
        private protected override ReadOnlySpan<StringValues> Own => own;
    }
}

using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Paradarum.Edge.Storage;

/// <summary>
/// The header fields of one stored response: its values in an array, their names in one that all responses with the same names share, and usual values shared too
/// (<see cref="UsualTexts"/>). A dictionary with texts of its own would take several times as much, and a response has few fields. Read only; a name is looked for from the start,
/// without regard to case.
/// </summary>
internal sealed class StoredFields : IHeaderDictionary
{
    private readonly FieldNames _names;
    private readonly StringValues[] _values;

    private StoredFields(FieldNames names, StringValues[] values) => (_names, _values) = (names, values);

    public int Count => _values.Length;

    public bool IsReadOnly => true;

    public ICollection<string> Keys => [.. _names.All];

    public ICollection<StringValues> Values => [.. _values];

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
        var (names, values, at) = (new string[headers.Count], new StringValues[headers.Count], 0);
        foreach (var (name, value) in headers)
        {
            names[at] = name;
            // A tag is of one response alone: to remember it would only drive out what is not.
            values[at++] = value.Count == 1 && !name.Equals("ETag", StringComparison.OrdinalIgnoreCase) ? UsualTexts.One(value[0]) : value;
        }
        return new StoredFields(FieldNames.Of(names), values);
    }

    /// <summary>Sets every field but Age, which is worked out anew for each answer.</summary>
    public void WriteTo(IHeaderDictionary answer)
    {
        var names = _names.All;
        for (var i = 0; i < names.Length; i++)
        {
            if (i != _names.Age)
                answer[names[i]] = _values[i];
        }
    }

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out StringValues value)
    {
        var names = _names.All;
        for (var i = 0; i < names.Length; i++)
        {
            if (names[i].Equals(key, StringComparison.OrdinalIgnoreCase))
            {
                value = _values[i];
                return true;
            }
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
        for (var i = 0; i < _values.Length; i++)
            yield return KeyValuePair.Create(_names.All[i], _values[i]);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Add(string key, StringValues value) => throw Unchangeable();

    public void Add(KeyValuePair<string, StringValues> item) => throw Unchangeable();

    public bool Remove(string key) => throw Unchangeable();

    public bool Remove(KeyValuePair<string, StringValues> item) => throw Unchangeable();

    public void Clear() => throw Unchangeable();

    private static NotSupportedException Unchangeable() => new("What is stored is as the origin sent it.");
}

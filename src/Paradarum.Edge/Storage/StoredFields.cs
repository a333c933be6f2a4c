using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Paradarum.Edge.Storage;

/// <summary>
/// The header fields of one stored response in one array: a dictionary would take three times as much, and a response has few fields. Read only; a name is looked for from
/// the start, without regard to case.
/// </summary>
internal sealed class StoredFields : IHeaderDictionary
{
    private readonly KeyValuePair<string, StringValues>[] _fields;

    private StoredFields(KeyValuePair<string, StringValues>[] fields) => _fields = fields;

    public int Count => _fields.Length;

    public bool IsReadOnly => true;

    public ICollection<string> Keys => [.. _fields.Select(one => one.Key)];

    public ICollection<StringValues> Values => [.. _fields.Select(one => one.Value)];

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
    public static StoredFields Of(IHeaderDictionary headers) => headers as StoredFields ?? new StoredFields([.. headers]);

    /// <summary>The fields in their order, all but <paramref name="name"/>: the very array where that is not among them, so not to be written to.</summary>
    public KeyValuePair<string, StringValues>[] AllBut(string name) =>
        ContainsKey(name) ? Array.FindAll(_fields, field => !field.Key.Equals(name, StringComparison.OrdinalIgnoreCase)) : _fields;

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out StringValues value)
    {
        foreach (ref readonly var field in _fields.AsSpan())
        {
            if (field.Key.Equals(key, StringComparison.OrdinalIgnoreCase))
            {
                value = field.Value;
                return true;
            }
        }
        value = StringValues.Empty;
        return false;
    }

    public bool ContainsKey(string key) => TryGetValue(key, out _);

    public bool Contains(KeyValuePair<string, StringValues> item) => TryGetValue(item.Key, out var value) && value.Equals(item.Value);

    public void CopyTo(KeyValuePair<string, StringValues>[] array, int arrayIndex) => _fields.CopyTo(array, arrayIndex);

    public IEnumerator<KeyValuePair<string, StringValues>> GetEnumerator() => _fields.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Add(string key, StringValues value) => throw Unchangeable();

    public void Add(KeyValuePair<string, StringValues> item) => throw Unchangeable();

    public bool Remove(string key) => throw Unchangeable();

    public bool Remove(KeyValuePair<string, StringValues> item) => throw Unchangeable();

    public void Clear() => throw Unchangeable();

    private static NotSupportedException Unchangeable() => new("What is stored is as the origin sent it.");
}

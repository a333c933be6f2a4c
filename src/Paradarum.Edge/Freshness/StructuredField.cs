using System.Buffers;

namespace Paradarum.Edge.Freshness;

/// <summary>What a member of a structured field holds (RFC 9651 §3).</summary>
internal enum MemberKind
{
    Boolean,
    Integer,
    Decimal,
    String,
    Token,
    Bytes,
    Date,
    DisplayString,
    InnerList,
}

/// <summary>
/// Reads a Dictionary or a List of RFC 9651 member by member, parameters skipped. A field is valid as a whole or not at all (§4.2): read it to its end, ask
/// <see cref="IsBroken"/>, and only then believe what was read.
/// </summary>
/// <remarks>Lines of one field are to be joined by commas before. Never throws; allocates nothing.</remarks>
internal ref struct StructuredField(ReadOnlySpan<char> text)
{
    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_-.*");

    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~:/"
    );

    private static readonly SearchValues<char> Base64Characters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
    );

    private ReadOnlySpan<char> _rest = text.Trim(' ');
    private bool _isFirst = true;

    /// <summary>It did not parse.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>The key of the member that was read last; empty in a List.</summary>
    public ReadOnlySpan<char> Key { get; private set; }

    public MemberKind Kind { get; private set; }

    /// <summary>The member's bare value as written: digits, the inside of a string with its escapes, <c>1</c> or <c>0</c> of a Boolean.</summary>
    public ReadOnlySpan<char> Value { get; private set; }

    /// <summary>Reads the next member of a Dictionary (§4.2.2). False: at the end, or broken.</summary>
    public bool NextOfDictionary()
    {
        if (!Separated())
            return false;
        if (!TakeKey(out var key))
            return Broken();
        Key = key;
        if (Take('='))
            return Member();
        return (Is(MemberKind.Boolean, "1") && Parameters()) || Broken();
    }

    /// <summary>Reads the next member of a List (§4.2.1). False: at the end, or broken.</summary>
    public bool NextOfList() => Separated() && Member();

    private bool Separated()
    {
        if (IsBroken)
            return false;
        if (_isFirst)
        {
            _isFirst = false;
            return !_rest.IsEmpty;
        }
        _rest = _rest.TrimStart(" \t");
        if (_rest.IsEmpty)
            return false;
        if (!Take(','))
            return Broken();
        _rest = _rest.TrimStart(" \t");
        return !_rest.IsEmpty || Broken();
    }

    private bool Member()
    {
        if (!_rest.StartsWith("("))
            return (BareItem(out var kind, out var value) && Is(kind, value) && Parameters()) || Broken();
        // What an inner list holds is of no use to any field read here: only where it ends.
        var before = _rest;
        Take('(');
        while (true)
        {
            _rest = _rest.TrimStart(' ');
            if (Take(')'))
                return (Is(MemberKind.InnerList, before[..^_rest.Length]) && Parameters()) || Broken();
            if (!BareItem(out _, out _) || !Parameters() || _rest.IsEmpty || _rest[0] is not (' ' or ')'))
                return Broken();
        }
    }

    private bool Is(MemberKind kind, ReadOnlySpan<char> value)
    {
        Kind = kind;
        Value = value;
        return true;
    }

    private bool Parameters()
    {
        while (Take(';'))
        {
            _rest = _rest.TrimStart(' ');
            if (!TakeKey(out _) || (Take('=') && !BareItem(out _, out _)))
                return false;
        }
        return true;
    }

    private bool BareItem(out MemberKind kind, out ReadOnlySpan<char> value)
    {
        kind = MemberKind.Token;
        value = default;
        if (_rest.IsEmpty)
            return false;
        switch (_rest[0])
        {
            case '"':
                kind = MemberKind.String;
                return TakeString(out value);
            case '?':
                kind = MemberKind.Boolean;
                return _rest.Length > 1 && _rest[1] is '0' or '1' && TakeBetween(1, 2, 2, out value);
            case ':':
                kind = MemberKind.Bytes;
                var end = _rest[1..].IndexOfAnyExcept(Base64Characters);
                return end >= 0 && _rest[1 + end] == ':' && TakeBetween(1, 1 + end, 2 + end, out value);
            case '@':
                kind = MemberKind.Date;
                _rest = _rest[1..];
                return TakeNumber(out var number, out value) && number == MemberKind.Integer;
            case '%':
                kind = MemberKind.DisplayString;
                _rest = _rest[1..];
                return !_rest.IsEmpty && _rest[0] == '"' && TakeString(out value);
            case '-' or (>= '0' and <= '9'):
                return TakeNumber(out kind, out value);
            case '*' or (>= 'A' and <= 'Z') or (>= 'a' and <= 'z'):
                var length = _rest.IndexOfAnyExcept(TokenCharacters) is var stop and >= 0 ? stop : _rest.Length;
                return TakeBetween(0, length, length, out value);
            default:
                return false;
        }
    }

    /// <summary>At most 15 digits; a decimal at most 12 before the point and 1 to 3 after it (§4.2.4).</summary>
    private bool TakeNumber(out MemberKind kind, out ReadOnlySpan<char> value)
    {
        kind = MemberKind.Integer;
        value = default;
        var sign = _rest.StartsWith("-") ? 1 : 0;
        var whole = Digits(_rest[sign..]);
        var length = sign + whole;
        if (whole is 0 or > 15)
            return false;
        if (length < _rest.Length && _rest[length] == '.')
        {
            kind = MemberKind.Decimal;
            var fraction = Digits(_rest[(length + 1)..]);
            if (whole > 12 || fraction is 0 or > 3)
                return false;
            length += 1 + fraction;
        }
        return TakeBetween(0, length, length, out value);
    }

    private static int Digits(ReadOnlySpan<char> from) => from.IndexOfAnyExceptInRange('0', '9') is var stop and >= 0 ? stop : from.Length;

    private bool TakeString(out ReadOnlySpan<char> value)
    {
        value = default;
        for (var at = 1; at < _rest.Length; at++)
        {
            if (_rest[at] == '"')
                return TakeBetween(1, at, at + 1, out value);
            if (_rest[at] is < ' ' or > '~')
                return false;
            if (_rest[at] == '\\' && (++at >= _rest.Length || _rest[at] is not ('"' or '\\')))
                return false;
        }
        return false;
    }

    private bool TakeKey(out ReadOnlySpan<char> key)
    {
        key = default;
        if (_rest.IsEmpty || _rest[0] is not ('*' or (>= 'a' and <= 'z')))
            return false;
        var length = _rest.IndexOfAnyExcept(KeyCharacters) is var stop and >= 0 ? stop : _rest.Length;
        return TakeBetween(0, length, length, out key);
    }

    private bool TakeBetween(int from, int to, int next, out ReadOnlySpan<char> taken)
    {
        taken = _rest[from..to];
        _rest = _rest[next..];
        return true;
    }

    private bool Take(char expected)
    {
        if (_rest.IsEmpty || _rest[0] != expected)
            return false;
        _rest = _rest[1..];
        return true;
    }

    private bool Broken()
    {
        IsBroken = true;
        return false;
    }
}

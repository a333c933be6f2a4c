using System.Diagnostics.CodeAnalysis;

namespace Paradarum.Protocol;

/// <summary>A value or the refusal that took its place. Made implicitly from either; opened with <see cref="Ok"/>.</summary>
public readonly struct Result<T>
{
    private readonly T? _value;
    private readonly Refusal? _refusal;

    private Result(T? value, Refusal? refusal)
    {
        _value = value;
        _refusal = refusal;
    }

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(Refusal refusal) => new(default, refusal);

    /// <summary>True with <paramref name="value"/> set, or false with <paramref name="refusal"/> set; never both, never neither.</summary>
    public bool Ok([MaybeNullWhen(false)] out T value, [NotNullWhen(false)] out Refusal? refusal)
    {
        value = _value;
        refusal = _refusal;
        return _refusal is null;
    }
}

namespace Paradarum.Options;

/// <summary>Reads the text of a setting; false when it is out of range.</summary>
internal delegate bool SettingParser<T>(string text, out T value);

/// <summary>What a setting may hold.</summary>
/// <param name="Parse">From text, wherever the text came from.</param>
/// <param name="Allowed">Completes the sentence "'x' is not ...", with an example.</param>
internal sealed record SettingKind<T>(SettingParser<T> Parse, string Allowed);

/// <summary>
/// One thing an operator may set: the flag <c>--some-name</c>, the environment variable <c>PARADARUM_SOME_NAME</c>, or <c>someName</c> in the JSON file.
/// </summary>
internal abstract record Setting(string Name, string HelpName, string Description)
{
    public string Flag => "--" + Name;

    public string Variable => "PARADARUM_" + Name.Replace('-', '_').ToUpperInvariant();

    /// <summary>In the file; read without regard to case.</summary>
    public string Key => string.Concat(Name.Split('-').Select((word, n) => n == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));

    /// <summary>A flag of one letter besides; null: none.</summary>
    public string? Short { get; init; }

    /// <summary>Never repeated in a message.</summary>
    public bool IsSecret { get; init; }

    /// <summary>As the help shows it; null when there is none.</summary>
    public abstract string? DefaultText { get; }
}

/// <param name="Kind">What it may hold.</param>
/// <param name="Default">As it would be written; null: none.</param>
internal sealed record Setting<T>(string Name, string HelpName, string Description, SettingKind<T> Kind, string? Default = null)
    : Setting(Name, HelpName, Description)
{
    public override string? DefaultText => Default;
}

using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Paradarum.Protocol;

namespace Paradarum.Options;

/// <summary>
/// What was set, and by which way. Reading a setting that is wrong gives its default and notes a problem, so that all problems are shown at once.
/// </summary>
internal sealed class SettingValues
{
    private readonly Dictionary<string, (string Source, string Text)> _set = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];

    /// <summary>One sentence each: which way it was set, what it holds, what to do.</summary>
    public IReadOnlyList<string> Problems => _problems;

    public void Add(string problem) => _problems.Add(problem);

    /// <summary>The value, or the default, or null where there is none.</summary>
    public T? Read<T>(Setting<T> setting) =>
        Find(setting, out var value) ? value
        : setting.Default is { } text && setting.Kind.Parse(text, out var byDefault) ? byDefault
        : default;

    /// <summary>The value; a problem when it is not set.</summary>
    public T? Need<T>(Setting<T> setting)
    {
        if (!_set.ContainsKey(setting.Name))
            _problems.Add($"{setting.Flag} is needed: {Lower(setting.Description)}");
        return Read(setting);
    }

    /// <summary>False when it was not set, or holds what it may not.</summary>
    public bool Find<T>(Setting<T> setting, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (!_set.TryGetValue(setting.Name, out var set))
            return false;
        if (setting.Kind.Parse(set.Text, out value))
            return true;
        var shown = setting.IsSecret ? "what it holds" : $"'{Refusal.Quoted(set.Text)}'";
        var problem = $"{set.Source}: {shown} is not {setting.Kind.Allowed}.";
        if (!_problems.Contains(problem, StringComparer.Ordinal))
            _problems.Add(problem);
        return false;
    }

    /// <summary>The first way wins: flags are put before variables, variables before the file.</summary>
    public void Put(Setting setting, string source, string text) => _set.TryAdd(setting.Name, (source, text));

    public void PutFile(string file, IReadOnlyList<Setting> known)
    {
        try
        {
            using var document = JsonDocument.Parse(
                File.ReadAllText(file),
                new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }
            );
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                _problems.Add($"--config: {file} must hold one JSON object.");
            else
                PutAll(file, document.RootElement, known);
        }
        catch (JsonException e)
        {
            _problems.Add($"--config: {file} is no valid JSON: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _problems.Add($"--config: {file} can't be read: {e.Message}");
        }
    }

    private void PutAll(string file, JsonElement root, IReadOnlyList<Setting> known)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in root.EnumerateObject())
        {
            var source = $"{property.Name} in {file}";
            if (known.FirstOrDefault(setting => setting.Key.Equals(property.Name, StringComparison.OrdinalIgnoreCase)) is not { } setting)
                _problems.Add($"{source} is not known. Known are {string.Join(", ", known.Select(setting => setting.Key))}.");
            else if (!seen.Add(setting.Name))
                _problems.Add($"{source} is there twice. Keep one of the two.");
            else if (Text(property.Value) is { } text)
                Put(setting, source, text);
            else
                _problems.Add($"{source} must be a text, a number, true or false.");
        }
    }

    private static string? Text(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            _ => null,
        };

    private static string Lower(string sentence) => char.ToLowerInvariant(sentence[0]) + sentence[1..];
}

using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Paradarum.Options;

namespace Paradarum.Client;

/// <summary>What every command of the client can be told: which API, who asks, how to print.</summary>
internal sealed class ClientSheet
{
    public const string ExitCodes =
        "Exit codes: 0 done; 1 called wrongly, nothing was sent; 2 the API refused it; 4 the API was not reached or could not, try again.";

    private static readonly Setting<Uri> Url = new(
        "url",
        "URL",
        "The API of the control plane; else the profile's, else http://localhost:5252.",
        SettingKinds.ServerUrl
    );
    private static readonly Setting<string> Key = new(
        "key",
        "KEY",
        "API key. Others on the machine can read flags: prefer the file or PARADARUM_KEY.",
        SettingKinds.Text
    )
    {
        IsSecret = true,
    };
    private static readonly Setting<string> KeyFile = new(
        "key-file",
        "FILE",
        "File that holds the API key: the key alone, or JSON with apiKey, such as up.json and operator.json.",
        SettingKinds.ExistingFile
    );
    private static readonly Setting<string> ProfileFile = new(
        "profile",
        "FILE",
        "What paradarum login keeps.",
        SettingKinds.Text,
        "~/.config/paradarum/profile.json"
    );

    private static readonly Uri DefaultUrl = new("http://localhost:5252");

    private readonly SettingSheet _sheet;
    private readonly Option<bool> _json = new("--json") { Description = "Print what the API answered, as JSON, for scripts." };

    public ClientSheet(Command command)
    {
        _sheet = new SettingSheet(command);
        _sheet.Add(Url);
        _sheet.Add(Key);
        _sheet.Add(KeyFile);
        _sheet.Add(ProfileFile);
        command.Add(_json);
    }

    public SettingSheet Settings => _sheet;

    public SettingValues Open(ParseResult parsed) => _sheet.Open(parsed, Environment.GetEnvironmentVariable);

    public bool AsJson(ParseResult parsed) => parsed.GetValue(_json);

    public static Uri UrlOf(SettingValues values) =>
        values.Find(Url, out var url) ? url : ClientProfile.Read(ProfilePath(values))?.Url ?? DefaultUrl;

    public static string ProfilePath(SettingValues values)
    {
        var path = values.Read(ProfileFile)!;
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(home, path[2..]) : path;
    }

    /// <summary>A key that was given goes before the profile. A problem is noted when there is neither.</summary>
    public static Credential CredentialOf(SettingValues values)
    {
        var before = values.Problems.Count;
        if (GivenKey(values) is { } key)
            return Credential.OfKey(key);
        if (values.Problems.Count > before)
            return default;
        var profile = ClientProfile.Read(ProfilePath(values));
        if (profile?.Credential(TimeProvider.System.GetUtcNow()) is { } credential)
            return credential;
        values.Add(
            profile is not null
                ? "The sign-in has run out. Sign in again: paradarum login"
                : "Nobody is signed in. Run paradarum login, or give --key-file, such as paradarum-data/up.json, or set PARADARUM_KEY."
        );
        return default;
    }

    /// <summary>The API key that was given with this call; null when none was.</summary>
    public static string? GivenKey(SettingValues values)
    {
        if (values.Find(Key, out var key))
            return key;
        if (!values.Find(KeyFile, out var file))
            return null;
        try
        {
            var text = File.ReadAllText(file).Trim();
            key = text.StartsWith('{') ? JsonNode.Parse(text)?["apiKey"]?.GetValue<string>() : text;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            values.Add($"--key-file: {file} can't be read: {e.Message}");
            return null;
        }
        if (!string.IsNullOrWhiteSpace(key) && !key.Any(char.IsWhiteSpace))
            return key;
        values.Add($"--key-file: {file} holds no API key: the key alone, or JSON with apiKey.");
        return null;
    }
}

using System.CommandLine;
using System.Text.Json.Nodes;
using Paradarum.Client;
using Paradarum.Options;
using Spectre.Console;

namespace Paradarum;

/// <summary><c>paradarum login</c>: keeps who the other commands are.</summary>
internal static class LoginCommand
{
    private static readonly Setting<string> Email = new("email", "EMAIL", "The e-mail address of the user.", SettingKinds.Text);
    private static readonly Setting<string> Password = new(
        "password",
        "PASSWORD",
        "Others on the machine can read flags: leave it out to be asked, pipe it in, or set PARADARUM_PASSWORD.",
        SettingKinds.Text
    )
    {
        IsSecret = true,
    };

    public static Command Create()
    {
        var command = new Command(
            "login",
            $"""
            Sign in, and keep it for the other commands in a file of mode 0600. A sign-in lasts 8 hours. With an API key it is the key that is kept, until
            it is revoked. In CI set PARADARUM_URL and PARADARUM_KEY instead: they need no file.

            {ClientSheet.ExitCodes}

            Examples:
              paradarum login --url https://control.example.net --email me@example.net
              paradarum login --email me@example.net < password-file
              paradarum login --key-file paradarum-data/up.json
            """
        );
        var client = new ClientSheet(command);
        client.Settings.Add(Email);
        client.Settings.Add(Password);
        command.SetAction((parsed, stop) => ClientCommand.GuardedAsync(() => RunAsync(client, parsed, stop)));
        return command;
    }

    private static async Task<PurgeExit> RunAsync(ClientSheet client, ParseResult parsed, CancellationToken stop)
    {
        var values = client.Open(parsed);
        var key = ClientSheet.GivenKey(values);
        var (email, password) = ("", "");
        if (key is null && values.Problems.Count == 0)
        {
            email = values.Need(Email) ?? "";
            password = values.Find(Password, out var given) ? given : "";
        }

        if (values.Problems.Count > 0)
            return (PurgeExit)ExitCode.Fail(values.Problems);
        var url = ClientSheet.UrlOf(values);
        var profile = key is null
            ? await SignInAsync(url, email, password.Length > 0 ? password : await AskAsync(stop), stop)
            : await ProvenAsync(new ClientProfile(url, null, null, null, key), stop);
        var path = ClientSheet.ProfilePath(values);
        profile.Write(path);
        var output = new ClientOutput(client.AsJson(parsed));
        output.One(
            ClientCommand.With(
                ("url", url.ToString()),
                ("email", profile.Email),
                ("expiresAt", profile.ExpiresAt?.ToString("O")),
                ("profile", path)
            ),
            ("signed in at", url.ToString()),
            ("as", profile.Email ?? "the owner of the key"),
            ("until", profile.ExpiresAt is { } end ? $"{end.UtcDateTime:yyyy-MM-dd HH:mm} UTC" : "the key is revoked"),
            ("kept in", path)
        );
        return PurgeExit.Done;
    }

    private static async Task<string> AskAsync(CancellationToken stop)
    {
        if (Console.IsInputRedirected)
            return (await Console.In.ReadToEndAsync(stop)).TrimEnd('\r', '\n');
        return await new TextPrompt<string>("Password:").Secret(mask: null).ShowAsync(AnsiConsole.Console, stop);
    }

    private static async Task<ClientProfile> SignInAsync(Uri url, string email, string password, CancellationToken stop)
    {
        using var api = new PurgeApi(url, default, ClientCommand.AnswerWithin);
        var body = new JsonObject { ["email"] = email, ["password"] = password };
        var data = (await api.AskAsync(HttpMethod.Post, "api/auth/login", body, stop))["data"]!;
        return new ClientProfile(url, email, data["token"]!.GetValue<string>(), data["expiresAt"]!.GetValue<DateTimeOffset>(), null);
    }

    /// <summary>A key is tried before it is kept: a wrong one is found here and not at the first purge.</summary>
    private static async Task<ClientProfile> ProvenAsync(ClientProfile profile, CancellationToken stop)
    {
        using var api = new PurgeApi(profile.Url, Credential.OfKey(profile.Key!), ClientCommand.AnswerWithin);
        try
        {
            await api.AskAsync(HttpMethod.Get, "api/property?pageSize=1", null, stop);
        }
        catch (PurgeEndedException e) when (e.Message.StartsWith("This API key may only", StringComparison.Ordinal))
        {
            // A key for purges is known, and may not list: that is proof enough.
        }

        return profile;
    }
}

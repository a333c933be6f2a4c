using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Paradarum.Options;

namespace Paradarum.Client;

/// <summary>What a command does: asks the API and prints.</summary>
internal delegate Task ClientAction(ParseResult parsed, PurgeApi api, ClientOutput output, CancellationToken stop);

/// <summary>One command of the client, put together: settings, API, output, and how it ends.</summary>
internal static class ClientCommand
{
    /// <summary>Of one request; longer than the API holds one back.</summary>
    public static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(70);

    public static Command Create(string name, string description, ClientAction action, params IEnumerable<Symbol> symbols)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Add(NotBlank(argument));
            else if (symbol is Option option)
                command.Add(option);
        }

        var sheet = new ClientSheet(command);
        command.SetAction(
            (parsed, stop) =>
                GuardedAsync(async () =>
                {
                    var values = sheet.Open(parsed);
                    var credential = ClientSheet.CredentialOf(values);
                    if (values.Problems.Count > 0)
                        return (PurgeExit)ExitCode.Fail(values.Problems);
                    using var api = new PurgeApi(ClientSheet.UrlOf(values), credential, AnswerWithin);
                    await action(parsed, api, new ClientOutput(sheet.AsJson(parsed)), stop);
                    return PurgeExit.Done;
                })
        );
        return command;
    }

    /// <summary>A variable of a script that is not set arrives as nothing: it must not become another call.</summary>
    private static Argument NotBlank(Argument argument)
    {
        argument.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
                result.AddError($"{argument.Name} is empty.");
        });
        return argument;
    }

    /// <summary>Runs to an exit code; whatever goes wrong in a way that is known is one sentence on stderr.</summary>
    public static async Task<int> GuardedAsync(Func<Task<PurgeExit>> run)
    {
        try
        {
            return (int)await run();
        }
        catch (PurgeEndedException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return (int)e.Code;
        }
        catch (JsonException e)
        {
            await Console.Error.WriteLineAsync($"The API answered what this version can't read: {e.Message}");
            return (int)PurgeExit.TryAgain;
        }
    }

    /// <summary>Which property a command is about.</summary>
    public static Option<string?> PropertyOption() =>
        new("--property", "-p") { Description = "The property, by id or name; not needed when there is one only.", HelpName = "ID|NAME" };

    public static JsonObject With(params (string Name, JsonNode? Value)[] fields)
    {
        var body = new JsonObject();
        foreach (var (name, value) in fields)
        {
            if (value is not null)
                body[name] = value;
        }

        return body;
    }
}

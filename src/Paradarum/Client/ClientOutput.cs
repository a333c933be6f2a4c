using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Paradarum.Client;

/// <summary>Prints for people, as tables and sentences, or for scripts, as the JSON that the API answered.</summary>
internal sealed class ClientOutput(bool asJson)
{
    // Nothing is broken or cut: a line of a table is a line for grep and for copying, as wide as it has to be.
    private const int Wide = 1000;

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly IAnsiConsole _console = Console();

    /// <summary>A list: one row for each item, one cell for each column.</summary>
    /// <param name="items">As the API gave them.</param>
    /// <param name="nothing">What is said when there are none.</param>
    /// <param name="columns">Headings, and what stands below them; a heading that begins with <c>#</c> is of numbers.</param>
    public void List(JsonArray items, string nothing, params (string Heading, Func<JsonNode, string?> Cell)[] columns)
    {
        if (asJson)
        {
            Write(items);
            return;
        }

        if (items.Count == 0)
        {
            System.Console.WriteLine(nothing);
            return;
        }

        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var (heading, _) in columns)
        {
            var numbers = heading.StartsWith('#');
            var column = new TableColumn($"[bold]{Markup.Escape(heading.TrimStart('#'))}[/]")
            {
                NoWrap = true,
                Padding = new Padding(0, 0, 2, 0),
            };
            table.AddColumn(numbers ? column.RightAligned() : column);
        }

        foreach (var item in items)
            table.AddRow([.. columns.Select(column => new Text(column.Cell(item!) ?? "-"))]);
        _console.Write(table);
    }

    /// <summary>One thing: its fields one under the other.</summary>
    public void One(JsonNode data, params (string Name, string? Value)[] fields)
    {
        if (asJson)
        {
            Write(data);
            return;
        }

        var grid = new Grid();
        grid.AddColumn(new GridColumn { NoWrap = true }).AddColumn(new GridColumn());
        foreach (var (name, value) in fields.Where(field => field.Value is not null))
            grid.AddRow(new Text(name, new Style(Color.Grey)), new Text(value!));
        _console.Write(grid);
    }

    /// <summary>One thing of many that come one after the other: a line, of text or of JSON.</summary>
    public void Line(JsonNode data, string line) => System.Console.WriteLine(asJson ? data.ToJsonString(OneLine) : line);

    /// <summary>What was done, in the API's own sentence.</summary>
    public void Said(JsonObject envelope)
    {
        if (asJson)
            Write(envelope);
        else
            System.Console.WriteLine(envelope["message"]?.GetValue<string>());
    }

    /// <summary>A secret that is shown once: alone on its line, so that it can be taken from there.</summary>
    public void Secret(JsonObject envelope, string field)
    {
        if (asJson)
        {
            Write(envelope["data"]!);
            return;
        }

        System.Console.Error.WriteLine(envelope["message"]?.GetValue<string>());
        System.Console.WriteLine(envelope["data"]![field]!.GetValue<string>());
    }

    public static string? Text(JsonNode item, string field) =>
        item[field] switch
        {
            null => null,
            JsonValue value when value.TryGetValue<string>(out var text) => text,
            JsonValue value when value.TryGetValue<bool>(out var flag) => flag ? "yes" : "no",
            var other => other.ToJsonString(),
        };

    /// <summary>A time as people read it, in UTC.</summary>
    public static string? Time(JsonNode item, string field) =>
        Text(item, field) is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var time)
            ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
            : null;

    public static string? Word(JsonNode item, string field, params string[] words) =>
        item[field]?.GetValue<int>() is { } n && n >= 0 && n < words.Length ? words[n] : Text(item, field);

    private static void Write(JsonNode node) => System.Console.WriteLine(node.ToJsonString(Indented));

    private static IAnsiConsole Console()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings());
        console.Profile.Width = Wide;
        return console;
    }
}

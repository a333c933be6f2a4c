using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text;

namespace Paradarum.Options;

/// <summary>
/// The help of a command: its text first, whose paragraphs fill the terminal and whose indented lines, the examples, stay in one piece so that they can be copied; then usage and options as usual. Of each command below it
/// the first sentence alone: what else there is to say of it is in its own help.
/// </summary>
internal sealed class CommandHelp(HelpAction usual) : SynchronousCommandLineAction
{
    // Of lines that go into a file.
    private const int WidthOfFiles = 100;

    /// <summary>For every command below the root, and itself.</summary>
    public static void AddTo(RootCommand root)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new CommandHelp((HelpAction)help.Action!);
    }

    public override int Invoke(ParseResult parseResult)
    {
        var command = parseResult.CommandResult.Command;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(Filled(command.Description ?? "", Console.IsOutputRedirected ? WidthOfFiles : Console.WindowWidth - 1));
        // The process ends with its help: nobody else reads these.
        command.Description = null;
        foreach (var below in command.Subcommands)
            below.Description = FirstSentence(below.Description ?? "");
        return usual.Invoke(parseResult);
    }

    /// <summary>What was wrong with a command line, and where its help is: the whole of it would push the sentence off the screen.</summary>
    public static int SayWhatIsWrong(ParseResult parsed, ParseErrorAction error)
    {
        error.ShowHelp = false;
        // Of a single letter every other one is a likely correction.
        error.ShowTypoCorrections = parsed.UnmatchedTokens.Any(token => token.Length > 3);
        var code = parsed.Invoke();
        var path = new Stack<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult command; at = command.Parent)
            path.Push(command.Command is RootCommand ? "paradarum" : command.Command.Name);
        Console.Error.WriteLine($"See: {string.Join(' ', path)} --help");
        return code;
    }

    internal static string FirstSentence(string text)
    {
        var first = text.Split("\n\n")[0].ReplaceLineEndings(" ");
        var end = first.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? first : first[..(end + 1)];
    }

    internal static string Filled(string text, int width)
    {
        var filled = new StringBuilder();
        var column = 0;
        foreach (var line in text.Split('\n'))
        {
            // What is indented, and what stands between two paragraphs, is as it was written.
            if (line.Length == 0 || line[0] == ' ')
            {
                EndLine();
                filled.Append(line).Append('\n');
                continue;
            }
            foreach (var word in line.Split(' '))
            {
                if (column + 1 + word.Length > width)
                    EndLine();
                if (column > 0)
                    filled.Append(' ');
                column += (column > 0 ? 1 : 0) + word.Length;
                filled.Append(word);
            }
        }
        EndLine();
        return filled.ToString();

        void EndLine()
        {
            if (column > 0)
                filled.Append('\n');
            column = 0;
        }
    }
}

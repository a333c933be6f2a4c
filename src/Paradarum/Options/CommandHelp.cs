using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text;
using System.Text.RegularExpressions;

namespace Paradarum.Options;

/// <summary>
/// The help of a command: the first paragraph of its text, usage and options as usual, then the rest, whose paragraphs fill the terminal and whose indented lines, the examples, stay in one piece so that they can be
/// copied. Of each command below it the first sentence alone: what else there is to say of it is in its own help.
/// </summary>
internal sealed partial class CommandHelp(HelpAction usual) : SynchronousCommandLineAction
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
        string[] text = (command.Description ?? "").Split("\n\n", 2);
        // The process ends with its help: nobody else reads these.
        command.Description = text[0].ReplaceLineEndings(" ");
        foreach (var below in command.Subcommands)
            below.Description = FirstSentence(below.Description ?? "");
        var code = usual.Invoke(parseResult);
        if (text.Length > 1)
            parseResult.InvocationConfiguration.Output.Write(
                Filled(text[1], Console.IsOutputRedirected ? WidthOfFiles : Console.WindowWidth - 1)
            );
        return code;
    }

    /// <summary>What was wrong with a command line, and where its help is: the whole of it would push the sentence off the screen.</summary>
    public static int SayWhatIsWrong(ParseResult parsed, ParseErrorAction error)
    {
        (error.ShowHelp, error.ShowTypoCorrections) = (false, true);
        // Of a few letters everything is a likely correction; of a long name it is what was meant.
        if (parsed.UnmatchedTokens.Count > 0 && parsed.UnmatchedTokens.All(token => token.Length > 4))
            parsed.Invoke();
        else
        {
            foreach (var wrong in parsed.Errors)
                Console.Error.WriteLine(WholeNumber().Replace(wrong.Message, ": a whole number is expected"));
        }
        var path = new Stack<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult command; at = command.Parent)
            path.Push(command.Command is RootCommand ? "paradarum" : command.Command.Name);
        Console.Error.WriteLine($"See: {string.Join(' ', path)} --help");
        return ExitCode.Failed;
    }

    [GeneratedRegex(" as expected type 'System.Int(32|64)'", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WholeNumber();

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

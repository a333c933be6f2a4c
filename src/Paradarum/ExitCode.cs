namespace Paradarum;

/// <summary>How the commands that run until they are stopped end.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>It could not start, or not go on; stderr says why and what to do.</summary>
    public const int Failed = 1;

    public static int Fail(params IReadOnlyList<string> sentences)
    {
        foreach (var sentence in sentences)
            Console.Error.WriteLine(sentence);
        return Failed;
    }
}

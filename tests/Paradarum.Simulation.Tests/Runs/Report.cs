namespace Paradarum.SimulationTests.Runs;

/// <summary>What a run has to say besides passed: to the console, and to the file that <c>./test</c> prints after the project (<c>TEST_REPORT</c>).</summary>
internal static class Report
{
    private static readonly Lock Gate = new();

    public static void Say(ITestOutputHelper output, string text)
    {
        output.WriteLine(text);
        lock (Gate)
        {
            Console.WriteLine(text);
            if (Environment.GetEnvironmentVariable("TEST_REPORT") is { Length: > 0 } file)
                File.AppendAllText(file, text + "\n");
        }
    }
}

namespace Paradarum.Testing;

/// <summary>What a test has to say besides passed: to the console, and to the file that <c>./test</c> prints after the project (<c>TEST_REPORT</c>).</summary>
public static class TestReport
{
    private static readonly Lock Gate = new();

    public static void Say(string text)
    {
        lock (Gate)
        {
            Console.WriteLine(text);
            if (Environment.GetEnvironmentVariable("TEST_REPORT") is { Length: > 0 } file)
                File.AppendAllText(file, text + "\n");
        }
    }
}

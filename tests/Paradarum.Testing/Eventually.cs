using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Paradarum.Testing;

/// <summary>Waits for what happens by itself. It is looked for at once and then every few milliseconds: who looks without a pause takes the processor from what is to happen.</summary>
public static class Eventually
{
    private const int AtOnce = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(3);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(40);

    public static async Task Async(Func<Task<bool>> happened, [CallerArgumentExpression(nameof(happened))] string what = "")
    {
        var started = Stopwatch.GetTimestamp();
        for (var looked = 0; !await happened(); looked++)
        {
            if (Stopwatch.GetElapsedTime(started) > Longest)
                throw new TimeoutException($"It did not happen within {Longest.TotalSeconds:0} s: {what}");
            if (looked < AtOnce)
                await Task.Yield();
            else
                await Task.Delay(Pause, TimeProvider.System);
        }
    }
}

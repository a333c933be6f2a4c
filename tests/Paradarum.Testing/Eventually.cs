using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Paradarum.Testing;

/// <summary>Waits for what happens by itself. It is looked for at once and then every few milliseconds: who looks without a pause takes the processor from what is to happen.</summary>
public static class Eventually
{
    private const int AtOnce = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(3);
    private const int Longest = 40;

    /// <param name="happened">Whether it has.</param>
    /// <param name="what">What is waited for, for who reads that it did not come.</param>
    /// <param name="seconds">How long.</param>
    /// <exception cref="TimeoutException">It did not happen.</exception>
    public static async Task Async(
        Func<Task<bool>> happened,
        [CallerArgumentExpression(nameof(happened))] string what = "",
        int seconds = Longest
    )
    {
        var started = Stopwatch.GetTimestamp();
        for (var looked = 0; !await happened(); looked++)
        {
            if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(seconds))
                throw new TimeoutException($"It did not happen within {seconds} s: {what}");
            if (looked < AtOnce)
                await Task.Yield();
            else
                await Task.Delay(Pause, TimeProvider.System);
        }
    }

    /// <inheritdoc cref="Async(Func{Task{bool}}, string, int)"/>
    public static Task Async(Func<bool> happened, [CallerArgumentExpression(nameof(happened))] string what = "", int seconds = Longest) =>
        Async(() => Task.FromResult(happened()), what, seconds);
}

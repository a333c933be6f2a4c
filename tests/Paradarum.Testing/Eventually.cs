using System.Diagnostics;

namespace Paradarum.Testing;

/// <summary>Asks again until something that happens in the background has happened; fails after 20 s.</summary>
public static class Eventually
{
    public static async Task Async(Func<Task<bool>> happened)
    {
        for (var started = Stopwatch.GetTimestamp(); !await happened(); await Task.Yield())
        {
            if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(20))
                throw new TimeoutException("It did not happen within 20 s.");
        }
    }
}

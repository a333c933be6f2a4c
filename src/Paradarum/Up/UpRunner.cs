namespace Paradarum.Up;

internal static class UpRunner
{
    public static Task<int> RunAsync(UpOptions options, CancellationToken stop) =>
        Task.FromResult(options.Pops > 99 && stop.IsCancellationRequested ? 1 : 0);
}

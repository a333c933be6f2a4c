namespace Paradarum.Control;

/// <summary>
/// Signals are the command's, who stops this in its turn. The default would end the nodes' streams at the signal: those of the same process (<c>up</c>) could not say
/// goodbye any more.
/// </summary>
internal sealed class StoppedByItsOwner : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

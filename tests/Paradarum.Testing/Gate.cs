namespace Paradarum.Testing;

/// <summary>Holds something in the middle until the test lets it go on; tells the test when it has arrived.</summary>
public sealed class Gate
{
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the first one stands before the gate.</summary>
    public Task Arrived => _arrived.Task.WaitAsync(TimeSpan.FromSeconds(20));

    public Task PassAsync()
    {
        _arrived.TrySetResult();
        return _opened.Task;
    }

    public void Open() => _opened.TrySetResult();
}

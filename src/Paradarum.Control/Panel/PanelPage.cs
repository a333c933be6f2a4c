using Microsoft.AspNetCore.Components;
using Paradarum.Control.Access;

namespace Paradarum.Control.Panel;

/// <summary>A page of the panel: it knows who looks at it, asks again before everything that is done, and lets go of what it follows when it is left.</summary>
public abstract class PanelPage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _left = new();

    private bool _follows;

    protected PanelPage() => Left = _left.Token;

    [Inject]
    private PanelSession Session { get; set; } = null!;

    [Inject]
    private TimeProvider Time { get; set; } = null!;

    [Inject]
    private NavigationManager Navigation { get; set; } = null!;

    /// <summary>Ends when the page is left.</summary>
    protected CancellationToken Left { get; }

    /// <summary>Who looks, or null when the session is over: then the browser is on its way to the sign-in page and the page does nothing more.</summary>
    private protected async Task<Caller?> AskerAsync()
    {
        var caller = await Session.CallerAsync();
        if (caller is null)
            Navigation.NavigateTo(
                $"/sign-in?return={Uri.EscapeDataString("/" + Navigation.ToBaseRelativePath(Navigation.Uri))}",
                forceLoad: true
            );
        return caller;
    }

    protected override async Task OnParametersSetAsync()
    {
        if (await AskerAsync() is { } caller)
            await OpenedAsync(caller);
    }

    /// <summary>Reads what the page shows, at each visit.</summary>
    private protected virtual Task OpenedAsync(Caller caller) => Task.CompletedTask;

    /// <summary>Looks again and again until the page is left or the session is over: once the page is live, and once however often it is asked for.</summary>
    private protected void Follow(TimeSpan every, Action<Caller> look)
    {
        if (!RendererInfo.IsInteractive || _follows)
            return;
        _follows = true;
        Detach(async () =>
        {
            using var timer = new PeriodicTimer(every, Time);
            while (await timer.WaitForNextTickAsync(Left) && await AskerAsync() is { } caller)
            {
                look(caller);
                StateHasChanged();
            }
        });
    }

    /// <summary>Work beside the page, on its own turn, that ends with it; what goes wrong is the page's failure and not lost.</summary>
    private protected void Detach(Func<Task> work)
    {
        _ = RunAsync();

        async Task RunAsync()
        {
            try
            {
                await work();
            }
            catch (OperationCanceledException) when (Left.IsCancellationRequested)
            {
                // The page was left.
            }
#pragma warning disable CA1031 // handed on to the renderer, which logs it and says so on the page
            catch (Exception e)
#pragma warning restore CA1031
            {
                await DispatchExceptionAsync(e);
            }
        }
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        _left.Cancel();
        _left.Dispose();
    }
}

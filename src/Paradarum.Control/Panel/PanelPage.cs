using Microsoft.AspNetCore.Components;
using Paradarum.Control.Access;

namespace Paradarum.Control.Panel;

/// <summary>A page of the panel: it knows who looks at it, asks again before everything that is done, and lets go of what it follows when it is left.</summary>
public abstract class PanelPage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _left = new();

    protected PanelPage() => Left = _left.Token;

    [Inject]
    private PanelSession Session { get; set; } = null!;

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

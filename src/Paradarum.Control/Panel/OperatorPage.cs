using Paradarum.Control.Access;

namespace Paradarum.Control.Panel;

/// <summary>A page that is the operator's alone: for anyone else it is not there.</summary>
public abstract class OperatorPage : PanelPage
{
    /// <summary>Null while nobody has been asked yet.</summary>
    private protected bool? IsOperator { get; private set; }

    private protected sealed override Task OpenedAsync(Caller caller) => Judge(caller) ? ShowAsync(caller) : Task.CompletedTask;

    /// <summary>Reads what the page shows, at each visit and after each change.</summary>
    private protected abstract Task ShowAsync(Caller caller);

    /// <summary>Whether it is still the operator who looks; the page is gone when not.</summary>
    private protected bool Judge(Caller caller)
    {
        var isOperator = caller is { IsOperator: true, IsRestricted: false };
        IsOperator = isOperator;
        return isOperator;
    }

    /// <summary>The operator, asked anew before each deed; null: nothing is to be done.</summary>
    private protected async Task<Caller?> OperatorAsync() => await AskerAsync() is { } caller && Judge(caller) ? caller : null;
}

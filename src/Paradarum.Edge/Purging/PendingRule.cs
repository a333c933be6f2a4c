using System.Text.RegularExpressions;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Purging;

namespace Paradarum.Edge.Purging;

/// <summary>A rule at its position. One of kind Regex also carries what it has cost so far; it is the same object in every snapshot.</summary>
internal sealed class PendingRule(PurgeRule rule, ulong position, PatternBudget budget)
{
    private Regex? _regex;
    private Regex? _patient;
    private long _spent; // ticks of TimeSpan
    private volatile bool _isSpent;

    public PurgeKind Kind => rule.Kind;

    public string Value => rule.Value;

    public ulong Position => position;

    /// <summary>For patterns: what every match holds, or null when that cannot be told.</summary>
    public string? RequiredLiteral { get; } = rule.Kind is PurgeKind.Regex ? Purging.RequiredLiteral.Of(rule.Value) : null;

    /// <summary>For patterns: too expensive on this node, or not to be built. It counts as matching everything and is to be widened.</summary>
    public bool IsSpent => _isSpent;

    /// <summary>
    /// Runs the pattern over the texts of one URL. More than 1 ms on one of them counts as a match, and the pattern is to be widened. Built at the first
    /// run, never where records are applied.
    /// </summary>
    public bool MatchesAny(IReadOnlyList<string> texts)
    {
        if (_isSpent)
            return true;
        if (budget.IsSpent)
        {
            GiveUp();
            return true;
        }
        if (!TryBuild(PatternBudget.OfOneText, ref _regex))
            return true;

        var started = ThreadClock.Now;
        var matches = RunOver(texts, started, out var ranPast);
        var took = ThreadClock.Now - started;
        if (budget.Book(took, new TimeSpan(Interlocked.Add(ref _spent, took.Ticks))) && !ranPast)
            return matches;
        GiveUp();
        return true;
    }

    /// <param name="texts">What it is run over.</param>
    /// <param name="started">The thread's clock when it began.</param>
    /// <param name="ranPast">It used its millisecond of processor time; being stopped by other work of the machine is not its fault.</param>
    private bool RunOver(IReadOnlyList<string> texts, TimeSpan started, out bool ranPast)
    {
        ranPast = false;
        try
        {
            return IsMatch(_regex!, texts);
        }
        catch (RegexMatchTimeoutException)
        {
            ranPast = ThreadClock.Now - started >= PatternBudget.OfOneText;
            if (ranPast || !TryBuild(PatternBudget.OfOneTextAgain, ref _patient))
                return true;
        }
        try
        {
            return IsMatch(_patient!, texts);
        }
        catch (RegexMatchTimeoutException)
        {
            ranPast = true;
            return true;
        }
    }

    private void GiveUp()
    {
        _isSpent = true;
        budget.Fail();
    }

    private static bool IsMatch(Regex regex, IReadOnlyList<string> texts)
    {
        foreach (var text in texts)
        {
            if (regex.IsMatch(text))
                return true;
        }
        return false;
    }

    private bool TryBuild(TimeSpan longest, ref Regex? built)
    {
        if (built is not null)
            return true;
        if (PurgePattern.TryBuild(Value, longest, out var regex, out _))
        {
            built = regex;
            return true;
        }
        GiveUp();
        return false;
    }
}

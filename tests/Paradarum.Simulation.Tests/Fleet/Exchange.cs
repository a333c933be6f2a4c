using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Serving;
using Paradarum.Protocol.Tokens;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>An HTTP request as it travels. What is sealed between tiers travels as facts.</summary>
/// <param name="Page">Host and target.</param>
/// <param name="Headers">The condition and what selects a variant; read by whoever receives it, changed by nobody.</param>
/// <param name="Tier">What a PoP says to a shield.</param>
/// <param name="Named">What a visitor's X-Purge-Position names.</param>
internal sealed record SimulatedRequest(int Page, IHeaderDictionary Headers, TierRequest? Tier = null, PurgeToken? Named = null);

/// <summary>
/// One HTTP exchange on the network: a request there, a head and then a body back, each late by what the links say. What is cut off ends by patience or by a reset.
/// Once over, whatever still arrives counts for nothing.
/// </summary>
internal sealed class Exchange(Simulation run, SimulatedProcess? asker, int from, int to)
{
    private long _backAt;
    private bool _over;
    private bool _answered;

    /// <summary>Status, headers and, of a shield that will not answer, the reason.</summary>
    public required Action<int, HeaderDictionary, string?> OnHead { get; init; }

    /// <summary>The whole body; null: it broke off.</summary>
    public required Action<Content?> OnBody { get; init; }

    /// <summary>No head came.</summary>
    public required Action<FetchFailure> OnFailure { get; init; }

    /// <summary>Sends the request to what stands at the other end.</summary>
    public void Send(Action<Exchange> arrives)
    {
        if (run.Network.IsCut(from, to))
        {
            if (run.Network[from, to].IsSilent)
                GiveUpAfter(run.Settings.Patience, FetchFailure.HeadTimeOut);
            else
                GiveUpAfter(run.Network.Delay(from, to), FetchFailure.CannotConnect);
            return;
        }
        run.Time.After(run.Network.Delay(from, to) + run.SlownessOf(to), () => arrives(this));
    }

    /// <summary>Sends it to a process, which may be dead, or stopped and silent.</summary>
    public void Send(SimulatedProcess? process, Action<Exchange> arrives) =>
        Send(_ =>
        {
            if (process is not { IsAlive: true, IsDraining: false })
            {
                GiveUpAfter(run.Network.Delay(from, to), FetchFailure.CannotConnect);
                return;
            }
            if (process.IsPaused)
                GiveUpAfter(run.Settings.Patience, FetchFailure.HeadTimeOut);
            process.Serving.Incoming.Add(this);
            process.Do(() => arrives(this));
        });

    public void Head(int status, HeaderDictionary headers, string? refused = null)
    {
        if (Passes())
            Back(() =>
            {
                _answered = true;
                OnHead(status, headers, refused);
            });
    }

    public void Body(Content content)
    {
        if (Passes())
            Back(() => End(() => OnBody(content)));
    }

    /// <summary>The other end died or gave up: the asker is told by a reset.</summary>
    public void Break() => Back(Broken);

    private void Broken() =>
        End(() =>
        {
            if (_answered)
                OnBody(null);
            else
                OnFailure(FetchFailure.BrokenHead);
        });

    private bool Passes()
    {
        if (!run.Network.IsCut(from, to))
            return true;
        run.Time.After(run.Settings.Patience, () => Happen(Broken));
        return false;
    }

    private void GiveUpAfter(long delay, FetchFailure failure) =>
        run.Time.After(
            delay,
            () =>
            {
                if (!_answered)
                    Happen(() => End(() => OnFailure(failure)));
            }
        );

    private void Back(Action happens)
    {
        _backAt = Math.Max(_backAt, run.Time.Now + run.Network.Delay(from, to));
        run.Time.At(_backAt, () => Happen(happens));
    }

    private void Happen(Action happens)
    {
        if (_over)
            return;
        if (asker is null)
            happens();
        else
            asker.Do(() =>
            {
                if (!_over)
                    happens();
            });
    }

    private void End(Action last)
    {
        _over = true;
        last();
    }
}

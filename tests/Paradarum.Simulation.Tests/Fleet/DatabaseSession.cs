using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>The connection of one process with one server: in order each way, over for each end when that end notices.</summary>
internal sealed class DatabaseSession
{
    private readonly Simulation _run;
    private readonly ControlSlot _slot;
    private readonly Chance _chance;
    private long _upAt;
    private long _downAt;
    private bool _closed;

    public DatabaseSession(Simulation run, ControlSlot slot, DatabaseServer server)
    {
        (_run, _slot, Server) = (run, slot, server);
        _chance = new Chance(Chance.Mix(run.Settings.Seed, (ulong)(run.Time.Now + slot.Place)));
        server.Begin(this);
    }

    public DatabaseServer Server { get; }

    /// <summary>As the server sees it.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>A fault: the next commit is not answered, whatever becomes of it.</summary>
    public bool EndsWithNextCommit { get; set; }

    /// <summary>The process notices that it is over.</summary>
    public Action Broken { get; set; } = () => { };

    private bool IsCut => _run.Network.IsCut(_slot.Place, Server.Place);

    /// <summary>To the server.</summary>
    public void Up(Action arrives)
    {
        if (_closed || IsCut)
            return;
        _upAt = Math.Max(_upAt, _run.Time.Now + _run.Network.Delay(_slot.Place, Server.Place));
        _run.Time.At(
            _upAt,
            () =>
            {
                if (IsOpen && Server.IsUp)
                    arrives();
            }
        );
    }

    /// <summary>To the process.</summary>
    public void Down(Action arrives)
    {
        if (!IsOpen || IsCut)
            return;
        _downAt = Math.Max(_downAt, _run.Time.Now + _run.Network.Delay(_slot.Place, Server.Place));
        _slot.After(
            _downAt - _run.Time.Now,
            () =>
            {
                if (!_closed)
                    arrives();
            }
        );
    }

    /// <summary>The process gives it up; the server hears of that, or finds out in its time.</summary>
    public void Close()
    {
        if (_closed)
            return;
        _closed = true;
        _run.Time.After(IsCut ? Patience() : _chance.Short(Time.Second / 20) + 1, () => Server.End(this));
    }

    /// <summary>Nothing comes from the process any more, and the server asks whether it is there.</summary>
    public void FallSilent(Func<bool> still) =>
        _run.Time.After(
            Patience(),
            () =>
            {
                if (still())
                    Server.End(this);
            }
        );

    /// <summary>The network says that it is over.</summary>
    public void Break() => _slot.After(_chance.Short(Time.Second / 20) + 1, Notice);

    /// <summary>The server is done with it, and says so if it can.</summary>
    public void Ended()
    {
        IsOpen = false;
        if (!IsCut)
            Break();
    }

    private void Notice()
    {
        if (!_closed)
            Broken();
    }

    private long Patience() => _chance.Between(Time.Second / 20, _run.Settings.Database!.NoticedWithin);
}

using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Storage;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>A visit that came over the simulated network.</summary>
internal sealed class SimulatedVisit(SimulatedRequest request, Exchange exchange) : Visit
{
    public SimulatedRequest Request => request;

    public Exchange Exchange => exchange;

    public override string Method => "GET";

    public override IHeaderDictionary Headers => request.Headers;

    public override string RemoteAddress => "";

    public override string Protocol => "HTTP/1.1";
}

/// <summary>A fetch under way, and who waits for it.</summary>
internal sealed class Voyage(BegunFetch begun, List<Upstream> upstreams)
{
    private readonly List<Action> _forHead = [];
    private readonly List<Action<Content?>> _forBody = [];
    private bool _ended;
    private Content? _content;

    public Flight Flight => begun.Flight;

    public BegunFetch Begun => begun;

    /// <summary>Those not asked yet.</summary>
    public Queue<Upstream> Upstreams { get; } = new(upstreams);

    public FlightHead? Head { get; private set; }

    public DateTimeOffset SentAt { get; set; }

    public void WhenHead(Action told)
    {
        if (Head is null)
            _forHead.Add(told);
        else
            told();
    }

    public void WhenBody(Action<Content?> ended)
    {
        if (_ended)
            ended(_content);
        else
            _forBody.Add(ended);
    }

    public void Tell(FlightHead head)
    {
        if (Head is not null)
            return;
        Head = head;
        Flight.Tell(head);
        foreach (var told in _forHead)
            told();
    }

    public void End(Content? content)
    {
        (_ended, _content) = (true, content);
        foreach (var ended in _forBody)
            ended(content);
    }
}

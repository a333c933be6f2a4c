using Microsoft.AspNetCore.Http;
using Paradarum.Protocol.Tokens;
using Paradarum.SimulationTests.Truth;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>Everyone outside: changes pages, asks for purges, follows receipts, and visits, above all where a receipt has just said that something is gone.</summary>
internal sealed class SimulatedClient(Simulation run)
{
    // Pages that vary by coding have a variant for each; a purge takes them all.
    private static readonly HeaderDictionary[] Visitors =
    [
        [],
        new HeaderDictionary { ["Accept-Encoding"] = "gzip" },
        new HeaderDictionary { ["Accept-Encoding"] = "br, gzip" },
    ];

    /// <summary>A page changes and is purged, as a content management system would: first the one, then the other.</summary>
    public void Purge(Incident incident)
    {
        var chance = new Chance(incident.Detail);
        var host = incident.Page / Topology.PathCount;
        var property = host == Topology.MovingHost ? run.Disk.Log.Owner : host + 1;
        var (payload, paths) = Topology.PurgeOf(property, Topology.PathOf(incident.Page), chance.Below(Topology.ShapesPerPath));
        for (var path = 0; path < Topology.PathCount; path++)
        {
            if ((paths & (1 << path)) != 0 && chance.Happens(0.95))
                run.Origin.Publish(property, path);
        }
        var purge = run.History.Asked(property, paths, Topology.HostOf(incident.Page));
        run.Time.After(run.Network.Delay(Place.Visitors, Place.Control), () => Ask(purge, payload, incident.Page, chance));
    }

    /// <summary>A hostname is taken from one property and given to the other, each as its own request.</summary>
    public void Move()
    {
        if (run.AnyControl(0) is not { } control)
            return;
        var (from, askedAt) = (run.Disk.Log.Owner, run.Time.Now);
        var to = 3 - from;
        control.Append(Topology.Configuration(from, hasMoving: false), _ => { }, Refused);
        control.Append(
            Topology.PurgeOf(from, 0, 4).Payload,
            _ => control.Append(Topology.Configuration(to, hasMoving: true), _ => run.History.Moved(askedAt, to), Refused),
            Refused
        );

        static void Refused() { }
    }

    /// <summary>The receipt changed.</summary>
    public void Told(KnownPurge purge, int applied, bool complete) =>
        run.Time.After(run.Network.Delay(Place.Visitors, Place.Control), () => Read(purge, applied, complete));

    public void Visit(Incident incident)
    {
        var chance = new Chance(incident.Detail);
        var pop = int.TrailingZeroCount(incident.Nodes);
        var named = chance.Happens(0.25) ? run.History.Purges.LastOrDefault(purge => purge.Position > 0) : null;
        Visit(pop, incident.Page, named, chance);
    }

    private void Ask(KnownPurge purge, Protocol.Link.RecordPayload payload, int page, Chance chance)
    {
        if (run.AnyControl(chance.State) is not { } control)
        {
            AskAgain();
            return;
        }
        control.Append(
            payload,
            position =>
                run.Time.After(
                    run.Network.Delay(Place.Visitors, Place.Control),
                    () =>
                    {
                        run.History.Accepted(purge, control.Epoch, position, payload);
                        run.Pages[purge.Number] = page;
                        control.Watch(purge);
                        for (var i = 0; i < 2; i++)
                        {
                            var pop = Place.Shields + chance.Below(Place.Nodes - Place.Shields);
                            run.Time.After(chance.Short(Time.Second / 20), () => Visit(pop, page, purge, chance));
                        }
                    }
                ),
            // Said to be unavailable: whatever became of it, it is asked for again.
            AskAgain
        );

        void AskAgain() => run.Time.After(Time.Second / 5, () => Ask(purge, payload, page, chance));
    }

    /// <summary>Another control plane has begun to work: the receipts of all purges are read there from here on.</summary>
    public void Follow(ControlPlane control)
    {
        foreach (var purge in run.History.Purges)
        {
            if (purge.AcceptedAt != long.MaxValue)
                control.Watch(purge);
        }
    }

    private void Read(KnownPurge purge, int applied, bool complete)
    {
        var news = run.History.Read(purge, applied, complete);
        var chance = new Chance(Chance.Mix(run.Settings.Seed, (ulong)(run.Time.Now + purge.Number)));
        var page = run.Pages[purge.Number];
        for (var pop = Place.Shields; pop < Place.Nodes; pop++)
        {
            if (complete)
            {
                Visit(pop, page, null, chance);
                var again = pop;
                run.Time.After(chance.Short(Time.Second / 6), () => Visit(again, page, null, chance));
            }
            else if ((news & (1 << pop)) != 0 && chance.Happens(0.6))
            {
                Visit(pop, page, null, chance);
            }
        }
    }

    private void Visit(int pop, int page, KnownPurge? named, Chance chance)
    {
        var askedAt = run.Time.Now;
        run.History.Visited();
        var status = 0;
        var exchange = new Exchange(run, null, Place.Visitors, pop)
        {
            OnHead = (told, _, _) => status = told,
            OnBody = content =>
            {
                if (content is { } whole && status == 200)
                    run.History.Answered(pop, page, askedAt, named, whole);
                else
                    run.History.Failed(pop, page, status);
            },
            OnFailure = _ => run.History.Failed(pop, page, 0),
        };
        var token = named is null ? null : new PurgeToken(named.Epoch, named.Property, named.Position);
        var process = run.ProcessAt(pop, chance.Happens(0.5));
        var request = new SimulatedRequest(page, Visitors[Chance.Mix((ulong)askedAt, (ulong)pop) % (ulong)Visitors.Length], null, token);
        exchange.Send(process, arrived => process!.Serving.Arrive(request, arrived));
    }
}

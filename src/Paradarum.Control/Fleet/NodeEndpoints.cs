using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Protocol;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>The fleet as its operator sees and changes it (contract part 3): PoPs under <c>/api/node</c>, shields under <c>/api/shield</c>.</summary>
internal static class NodeEndpoints
{
    private static readonly Refusal NotThere = Refusal.NotFound("Node not found.");

    public static void MapNodes(this IEndpointRouteBuilder routes)
    {
        Map(routes, "/api/node", NodeRole.Pop, "PoP", "PoPs", "Send a PoP traffic, or none; it applies purges all the same");
        Map(routes, "/api/shield", NodeRole.Shield, "shield", "shields", "Use a shield, or not; it applies purges all the same");
    }

    private static void Map(IEndpointRouteBuilder routes, string path, NodeRole role, string one, string many, string traffic)
    {
        var nodes = routes.MapGroup(path).WithTags("Fleet").ForTheOperatorAlone("see and change nodes");
        nodes
            .MapGet("", (PageRequest page, FleetRegistry fleet) => List(role, page, fleet))
            .WithSummary($"List {many} with health, position and lag")
            .ProducesPage<NodeItem>()
            .Shows("Nodes retrieved successfully.", Shown(role));
        nodes
            .MapPost(
                "",
                (HttpRequest request, Caller caller, FleetRegistry fleet, CancellationToken stop) =>
                    Create(role, request, caller, fleet, stop)
            )
            .WithSummary($"Register a {one}; its enrolment token is shown this once")
            .Reads("NodeRequest", new { name = "string" }, new { name = ShownName(role) })
            .Produces<Envelope<NewNodeItem>>(StatusCodes.Status201Created)
            .Shows("Node created successfully. Store the enrolment token now: it is not shown again.", ShownNew(role))
            .Refuses(409, $"There is a node named '{ShownName(role)}' already.");
        nodes
            .MapPost(
                "{id}/token",
                (string id, Caller caller, FleetRegistry fleet, CancellationToken stop) => Renew(role, id, caller, fleet, stop)
            )
            .WithSummary($"A new enrolment token for a {one} that lost its identity; the former one ends")
            .Produces<Envelope<NewNodeItem>>()
            .Shows("Enrolment token renewed successfully. Store it now: it is not shown again.", ShownNew(role))
            .Refuses(404, NotThere.Message);
        nodes
            .MapPut(
                "{id}/traffic",
                (string id, HttpRequest request, Caller caller, FleetRegistry fleet, CancellationToken stop) =>
                    Switch(role, id, request, caller, fleet, stop)
            )
            .WithSummary(traffic)
            .Reads("TrafficRequest", new { enabled = "boolean" }, new { enabled = false })
            .Produces<Envelope<object>>()
            .Shows("Traffic disabled successfully.")
            .Refuses(404, NotThere.Message);
        nodes
            .MapDelete(
                "{id}",
                (string id, Caller caller, FleetRegistry fleet, CancellationToken stop) => Delete(role, id, caller, fleet, stop)
            )
            .WithSummary($"Delete a {one}: it gives up its lease, drops its store and is gone")
            .Produces<Envelope<object>>()
            .Shows("Node deleted successfully. It counts for purges until it has given up its lease.")
            .Refuses(404, NotThere.Message);
    }

    internal static IResult List(NodeRole role, PageRequest page, FleetRegistry fleet) =>
        Answer.Page("Nodes retrieved successfully.", page, [.. fleet.List().Where(standing => standing.Node.Role == role).Select(Item)]);

    internal static async Task<IResult> Create(
        NodeRole role,
        HttpRequest request,
        Caller caller,
        FleetRegistry fleet,
        CancellationToken stop
    )
    {
        if (!(await JsonBody.ReadObjectAsync(request, stop)).Ok(out var body, out var refusal))
            return refusal.ToAnswer();
        if (!body.Text("name").Ok(out var name, out refusal))
            return refusal.ToAnswer();
        return (await fleet.CreateAsync(caller, name?.Trim() ?? "", role, stop)).Ok(out var made, out refusal)
            ? Answer.Created("Node created successfully. Store the enrolment token now: it is not shown again.", NewItem(made))
            : refusal.ToAnswer();
    }

    internal static async Task<IResult> Renew(NodeRole role, string id, Caller caller, FleetRegistry fleet, CancellationToken stop)
    {
        if (!fleet.Has(role, id))
            return NotThere.ToAnswer();
        return (await fleet.RenewTokenAsync(caller, id, stop)).Ok(out var renewed, out var refusal)
            ? Answer.Ok("Enrolment token renewed successfully. Store it now: it is not shown again.", NewItem(renewed))
            : refusal.ToAnswer();
    }

    internal static async Task<IResult> Switch(
        NodeRole role,
        string id,
        HttpRequest request,
        Caller caller,
        FleetRegistry fleet,
        CancellationToken stop
    )
    {
        if (!fleet.Has(role, id))
            return NotThere.ToAnswer();
        if (!(await JsonBody.ReadObjectAsync(request, stop)).Ok(out var body, out var refusal))
            return refusal.ToAnswer();
        if (!body.Flag("enabled").Ok(out var enabled, out refusal))
            return refusal.ToAnswer();
        if (enabled is not { } on)
            return Refusal.Malformed("Enabled is required. Send true or false.").ToAnswer();
        return (await fleet.SetEnabledAsync(caller, id, on, stop)).Ok(out _, out refusal)
            ? Answer.Ok(on ? "Traffic enabled successfully." : "Traffic disabled successfully.")
            : refusal.ToAnswer();
    }

    internal static async Task<IResult> Delete(NodeRole role, string id, Caller caller, FleetRegistry fleet, CancellationToken stop)
    {
        if (!fleet.Has(role, id))
            return NotThere.ToAnswer();
        return (await fleet.DeleteAsync(caller, id, stop)).Ok(out _, out var refusal)
            ? Answer.Ok("Node deleted successfully. It counts for purges until it has given up its lease.")
            : refusal.ToAnswer();
    }

    private static string ShownName(NodeRole role) => role == NodeRole.Shield ? "shield-fra" : "pop-ams";

    private static string ShownId(NodeRole role) => role == NodeRole.Shield ? ApiExamples.ShieldId : ApiExamples.PopId;

    private static NodeItem Shown(NodeRole role) =>
        new(
            ShownId(role),
            ShownName(role),
            Word(role),
            role == NodeRole.Shield ? "http://10.0.0.2:6081" : "http://10.0.0.3:80",
            Enabled: true,
            Enrolled: true,
            Connected: true,
            Healthy: true,
            Leaving: false,
            Position: 4711,
            Lag: 0,
            PassingThrough: 0,
            ApiExamples.Earlier
        );

    private static NewNodeItem ShownNew(NodeRole role) => new(ShownId(role), ShownName(role), Word(role), ApiExamples.EnrolmentToken);

    private static NodeItem Item(NodeStanding standing) =>
        new(
            standing.Node.Id,
            standing.Node.Name,
            Word(standing.Node.Role),
            standing.Node.Url,
            standing.Node.Enabled,
            standing.Node.CredentialDigest is not null,
            standing.Connected,
            standing.Healthy,
            standing.Node.Leaving,
            standing.Applied,
            standing.Lag,
            standing.PassingThrough,
            standing.Node.CreatedAt
        );

    private static NewNodeItem NewItem(NewNode made) => new(made.Node.Id, made.Node.Name, Word(made.Node.Role), made.EnrolmentToken);

    private static string Word(NodeRole role) => role == NodeRole.Shield ? "shield" : "pop";
}

/// <param name="Url">Where it said it is reached; empty until it first connected.</param>
/// <param name="Enabled">Traffic for a PoP, use for a shield.</param>
/// <param name="Enrolled">It has exchanged its token for its own credential.</param>
/// <param name="Healthy">Its lease or grace runs and it has caught up: it counts for the jobs of a purge while it is enabled.</param>
/// <param name="Leaving">Deleted; it counts for <c>complete</c> until it has given up its lease.</param>
/// <param name="Position">The last position of the log that it acknowledged since it connected.</param>
/// <param name="Lag">Records of the log that it has not acknowledged.</param>
/// <param name="PassingThrough">Properties of which it stores nothing: a configuration of a later version. It wants an upgrade.</param>
internal sealed record NodeItem(
    string Id,
    string Name,
    string Role,
    string Url,
    bool Enabled,
    bool Enrolled,
    bool Connected,
    bool Healthy,
    bool Leaving,
    ulong Position,
    ulong Lag,
    int PassingThrough,
    DateTimeOffset CreatedAt
);

/// <param name="EnrolmentToken">For the node's first start, sent this once and kept nowhere.</param>
internal sealed record NewNodeItem(string Id, string Name, string Role, string EnrolmentToken);

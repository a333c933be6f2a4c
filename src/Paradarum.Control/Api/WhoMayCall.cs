namespace Paradarum.Control.Api;

/// <summary>Marks an endpoint that a key of scope <c>purge</c> may use.</summary>
internal sealed class PurgeScopeAllowed
{
    public static readonly PurgeScopeAllowed Instance = new();
}

/// <summary>Marks an endpoint that is the operator's: open to its sign-in and to keys of its account without restrictions.</summary>
/// <param name="Sentence">What everyone else is told, with 403.</param>
internal sealed record OperatorAlone(string Sentence)
{
    /// <param name="what">What the operator may, as in <c>see and change nodes</c>.</param>
    public static OperatorAlone To(string what) =>
        new($"Only the operator may {what}. Use a key of the operator's account without restrictions.");
}

/// <summary>Who may call an endpoint, said where it is mapped and enforced before it runs (<c>CallerAuthentication</c>).</summary>
internal static class WhoMayCall
{
    /// <summary>Opens the endpoints to keys of scope <c>purge</c>; all others are closed to them.</summary>
    public static TBuilder AllowPurgeScope<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(PurgeScopeAllowed.Instance);

    /// <summary>Closes the endpoints to everyone but the operator.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="what">What they let the operator do, as in <c>see and change nodes</c>.</param>
    public static TBuilder ForTheOperatorAlone<TBuilder>(this TBuilder builder, string what)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(OperatorAlone.To(what));
}

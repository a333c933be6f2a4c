namespace Paradarum.Control.Audit;

/// <summary>Where a request came from.</summary>
/// <param name="Address">The connection's other end. Behind a proxy that is the proxy: what a header says of it anyone could have written.</param>
/// <param name="RequestId">The same as in the answer's <c>X-Request-Id</c>.</param>
internal sealed record RequestSource(string Address, string RequestId)
{
    /// <summary>The control plane itself.</summary>
    public static readonly RequestSource None = new("", "");

    public static RequestSource Of(HttpContext context) =>
        new(context.Connection.RemoteIpAddress?.ToString() ?? "", context.TraceIdentifier);
}

/// <summary>Who did something.</summary>
/// <param name="AccountId">Whose credential it was; 0 for the control plane, a node and someone who has not proved who it is.</param>
/// <param name="Name">The key's 8-character prefix, the user's e-mail address, <c>node NAME</c>, <c>system</c> or <c>unknown</c>.</param>
internal sealed record AuditActor(long AccountId, string Name, RequestSource Source)
{
    public const string System = "system";

    /// <summary>The control plane's own check of its purges, every few seconds. The trail shows what it does to who asks for it by this name.</summary>
    public const string Prober = "prober";

    public const string Unknown = "unknown";
}

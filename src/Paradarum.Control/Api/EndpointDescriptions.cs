namespace Paradarum.Control.Api;

/// <summary>
/// What the API document says of an endpoint. The body is described here and not with <c>Accepts</c>, which would make routing answer 415 before it is known who asks
/// (contract 1.3 wants 401, 404 and 403 first).
/// </summary>
internal static class EndpointDescriptions
{
    /// <param name="builder">The endpoint.</param>
    /// <param name="name">The schema's name in the document.</param>
    /// <param name="shape">An object whose property names are the fields and whose texts are their types; a <c>?</c> at the end marks what may be left out.</param>
    public static RouteHandlerBuilder Reads(this RouteHandlerBuilder builder, string name, object shape) =>
        builder.WithMetadata(new DescribedBody(name, shape));

    public static RouteHandlerBuilder ProducesPage<T>(this RouteHandlerBuilder builder) =>
        builder.Produces<PageEnvelope<T>>().WithMetadata(PagedAnswer.Instance);

    /// <summary>A query parameter that may be left out.</summary>
    public static RouteHandlerBuilder TakesQuery(this RouteHandlerBuilder builder, string name, string help, params string[] allowed) =>
        builder.WithMetadata(new DescribedParameter(name, InHeader: false, help, allowed));

    /// <summary>A request header that may be left out.</summary>
    public static RouteHandlerBuilder TakesHeader(this RouteHandlerBuilder builder, string name, string help) =>
        builder.WithMetadata(new DescribedParameter(name, InHeader: true, help, []));

    /// <summary>A header of the answer when it succeeds.</summary>
    public static RouteHandlerBuilder Answers(this RouteHandlerBuilder builder, string header, string help) =>
        builder.WithMetadata(new DescribedAnswerHeader(header, help));

    /// <summary>The statuses that come with nothing but a sentence.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder builder, params int[] statuses)
    {
        foreach (var status in statuses)
            builder.Produces<Envelope<object>>(status);
        return builder;
    }
}

/// <summary>What an endpoint reads, for the API document alone.</summary>
internal sealed record DescribedBody(string Name, object Shape);

/// <summary>A parameter that an endpoint reads itself, for the API document alone.</summary>
/// <param name="Allowed">Every value there is; empty when it is free.</param>
internal sealed record DescribedParameter(string Name, bool InHeader, string Help, IReadOnlyList<string> Allowed);

/// <summary>A header of an endpoint's 2xx answer, for the API document alone.</summary>
internal sealed record DescribedAnswerHeader(string Name, string Help);

/// <summary>Marks an endpoint that answers page by page, for the API document.</summary>
internal sealed class PagedAnswer
{
    public static readonly PagedAnswer Instance = new();
}

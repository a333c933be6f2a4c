namespace Paradarum.Control.Api;

/// <summary>
/// What the API document says of an endpoint. The body is described here and not with <c>Accepts</c>, which would make routing answer 415 before it is known who asks
/// (contract 1.3 wants 401, 404 and 403 first).
/// </summary>
internal static class EndpointDescriptions
{
    /// <param name="builder">The endpoint.</param>
    /// <param name="name">The schema's name in the document.</param>
    /// <param name="shape">
    /// An object whose property names are the fields and whose texts are their types (<c>string</c>, <c>integer</c>, <c>long</c>, <c>boolean</c>, another body's name, each
    /// with <c>[]</c> for a list); a <c>?</c> at the end marks what may be left out.
    /// </param>
    /// <param name="example">A body that the endpoint accepts.</param>
    public static RouteHandlerBuilder Reads(this RouteHandlerBuilder builder, string name, object shape, object example) =>
        builder.WithMetadata(new DescribedBody(name, shape, example)).Refuses(400, 413, 415);

    /// <summary>The answer of an endpoint that succeeds, as the document shows it: the sentence it gives and, where it gives any, data of the type it produces.</summary>
    public static RouteHandlerBuilder Shows(this RouteHandlerBuilder builder, string message, object? data = null) =>
        builder.WithMetadata(new ShownAnswer(message, data));

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

    /// <summary>A status that comes with nothing but a sentence, and the sentence that the document shows for it.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder builder, int status, string sentence) =>
        builder.Produces<Envelope<object>>(status).WithMetadata(new ShownRefusal(status, sentence));
}

/// <summary>What an endpoint reads, for the API document alone.</summary>
internal sealed record DescribedBody(string Name, object Shape, object Example);

/// <summary>What an endpoint answers when it succeeds, for the API document alone; for a list, one item of it.</summary>
internal sealed record ShownAnswer(string Message, object? Data);

/// <summary>What an endpoint says with a status of 400 or above, for the API document alone.</summary>
internal sealed record ShownRefusal(int Status, string Sentence);

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

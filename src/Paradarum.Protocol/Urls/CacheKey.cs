namespace Paradarum.Protocol.Urls;

/// <summary>
/// The primary key of a stored response: scheme, canonical host and the target after the property's query-string mode.
/// Variants (Vary, coding, ranges) hang under it; the property is looked up from the host and kept beside it.
/// </summary>
public sealed record CacheKey(string Scheme, string Host, CanonicalTarget Target);

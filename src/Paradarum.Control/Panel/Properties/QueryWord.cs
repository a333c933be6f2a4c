using Paradarum.Protocol.Urls;

namespace Paradarum.Control.Panel.Properties;

/// <summary>What a query-string mode does, in words.</summary>
internal static class QueryWord
{
    public static string Of(QueryModeKind kind) =>
        kind switch
        {
            QueryModeKind.IgnoreAll => "not looked at",
            QueryModeKind.Except => "only some parameters count",
            QueryModeKind.Only => "some parameters do not count",
            _ => "all of it counts",
        };
}

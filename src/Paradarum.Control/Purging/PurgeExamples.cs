using System.Collections.Immutable;
using Paradarum.Control.Api;

namespace Paradarum.Control.Purging;

/// <summary>Purges as the API document shows them: one that removes an image from a shield and two PoPs, all through its life.</summary>
internal static class PurgeExamples
{
    public const string AcceptedMessage = "Purge request accepted. 6 jobs queued across 1 shields + 2 PoPs.";
    public const string BatchMessage = "Purge request accepted. 1 of 2 items accepted, 6 jobs queued across 1 shields + 2 PoPs.";
    public const string Malformed = "Value is required when type is Path.";
    public const string Disabled = "This property is currently disabled. Configuration changes are not allowed until it is re-enabled.";

    private const string PurgeId = "AQAAAAAAEmcAAAAAAAAAB3Zk9mXo2c4u";
    private const string Target = "/images/logo.png";
    private const string OtherPop = "1d94be60c3a7f258";

    public static object Request { get; } = new { type = "Path", value = Target };

    public static object Batch { get; } = new
    {
        items = new object[]
        {
            new { type = "Path", value = Target },
            new
            {
                type = "Regex",
                value = "/blog/",
                matchType = "starts_with",
            },
        },
    };

    public static PurgeAnswer Accepted { get; } = new(JobCount: 6, Shields: 1, Nodes: 2, Hostnames: 1, PurgeId);

    public static BatchAnswer BatchAccepted { get; } =
        new(JobCount: 6, Accepted: 1, [new RejectedItem(1, Malformed)], Shields: 1, Nodes: 2, Hostnames: 1, PurgeId);

    public static PreviewAnswer Preview { get; } =
        new(
            Objects: 3,
            Bytes: 184_320,
            ["https://www.example.com/images/logo.png"],
            [new PreviewNode(ApiExamples.ShieldId, 1, 61_440), new PreviewNode(ApiExamples.PopId, 2, 122_880)],
            [OtherPop]
        );

    public static PurgeListItem Listed { get; } =
        new(PurgeId, Position: 4711, "complete", ApiExamples.Now, Completed, ApiExamples.KeyPrefix, Items, ItemCount: 1, JobCount: 6);

    public static PurgeReceipt Receipt { get; } =
        new(
            PurgeId,
            Position: 4711,
            "complete",
            ApiExamples.Now,
            Completed,
            Items,
            ItemCount: 1,
            JobCount: 6,
            JobsDone: 6,
            Matched: 3,
            FencedNodes: 0,
            Widened: false,
            CountsFinal: true,
            [],
            [
                Node(ApiExamples.ShieldId, "shield-fra", "shield", 12, objects: 1),
                Node(ApiExamples.PopId, "pop-ams", "pop", 31, objects: 1),
                Node(OtherPop, "pop-par", "pop", 38, objects: 1),
            ]
        );

    private static DateTimeOffset Completed => ApiExamples.Now.AddMilliseconds(38);

    private static ImmutableArray<ReceiptItem> Items => [new ReceiptItem("Path", Target, null)];

    private static ReceiptNode Node(string id, string name, string role, int after, long objects) =>
        new(id, name, role, "applied", ApiExamples.Now.AddMilliseconds(after), objects, objects * 61_440, objects, objects * 61_440);
}

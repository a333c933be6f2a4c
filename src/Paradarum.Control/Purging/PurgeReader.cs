using System.Collections.Immutable;
using System.Text.Json;
using Paradarum.Control.Api;
using Paradarum.Protocol;
using Paradarum.Protocol.Purging;

namespace Paradarum.Control.Purging;

/// <summary>The two shapes of a purge request's body.</summary>
internal enum PurgeForm
{
    One,
    Batch,
}

/// <summary>Reads what a client sent as a purge or a batch (contract 1.1 to 1.4). Never throws; every sentence is the contract's.</summary>
internal static class PurgeReader
{
    public const int MostItems = 10_000;

    /// <summary>Patterns in one batch, broken ones included: each costs building it, here and on every node (docs/decisions/batch.md).</summary>
    public const int MostPatterns = 200;

    private static readonly Refusal NoItems = Refusal.Malformed("At least one purge item is required.");
    private static readonly Refusal TooManyItems = Refusal.Malformed($"A batch holds at most {MostItems} items.");
    private static readonly Refusal NotAnObject = Refusal.Malformed("Item must be a JSON object.");
    private static readonly Refusal TooManyPatterns = Refusal.Malformed($"A batch holds at most {MostPatterns} regex patterns.");

    /// <param name="body">The request's bytes.</param>
    /// <param name="form">What the endpoint takes.</param>
    /// <param name="rejectedBatch">Set when the refusal is that no item of a batch is valid.</param>
    public static Result<PurgeOrder> Read(ReadOnlyMemory<byte> body, PurgeForm form, out RejectedBatch? rejectedBatch)
    {
        rejectedBatch = null;
        return form == PurgeForm.Batch ? ReadBatch(body, out rejectedBatch) : ReadOne(body);
    }

    public static Result<PurgeOrder> ReadOne(ReadOnlyMemory<byte> body)
    {
        if (!JsonBody.ParseObject(body).Ok(out var fields, out var refusal))
            return refusal;
        if (!Sent.Read(fields).Ok(out var sent, out refusal))
            return refusal;
        return sent.Parse().Ok(out var rule, out refusal) ? PurgeOrder.One(rule) : refusal;
    }

    /// <param name="body">The request's bytes.</param>
    /// <param name="rejectedBatch">Set when the refusal is that no item is valid.</param>
    public static Result<PurgeOrder> ReadBatch(ReadOnlyMemory<byte> body, out RejectedBatch? rejectedBatch)
    {
        rejectedBatch = null;
        if (!JsonBody.ParseObject(body).Ok(out var fields, out var refusal))
            return refusal;
        if (!fields.List("items", MostItems).Ok(out var items, out _) || items is not { Length: > 0 })
            return NoItems;
        if (items.Length > MostItems)
            return TooManyItems;

        var rules = ImmutableArray.CreateBuilder<PurgeRule>(items.Length);
        var rejected = ImmutableArray.CreateBuilder<RejectedItem>();
        var patterns = 0;
        for (var index = 0; index < items.Length; index++)
        {
            if (Read(items[index], ref patterns).Ok(out var rule, out refusal))
                rules.Add(rule);
            else
                rejected.Add(new RejectedItem(index, refusal.Message));
        }
        if (rules.Count > 0)
            return PurgeOrder.Batch(rules.ToImmutable(), items.Length, rejected.ToImmutable());
        rejectedBatch = new RejectedBatch(rejected.ToImmutable());
        return Refusal.Malformed("No valid purge items.");
    }

    private static Result<PurgeRule> Read(JsonElement item, ref int patterns)
    {
        if (item.ValueKind != JsonValueKind.Object)
            return NotAnObject;
        if (!Sent.Read(new JsonFields(item)).Ok(out var sent, out var refusal))
            return refusal;
        if (sent.IsPattern && ++patterns > MostPatterns)
            return TooManyPatterns;
        return sent.Parse();
    }

    /// <summary>The three fields, of the right kind where they count.</summary>
    private readonly record struct Sent(string? Type, string? Value, string? MatchType)
    {
        public bool IsPattern =>
            Is(Type, "Regex") && !string.IsNullOrWhiteSpace(Value) && (string.IsNullOrWhiteSpace(MatchType) || Is(MatchType, "regex"));

        /// <summary>The value of <c>All</c> is ignored whatever it holds, and so is a match type of anything but <c>Regex</c>.</summary>
        public static Result<Sent> Read(JsonFields fields)
        {
            string? value = null;
            string? matchType = null;
            if (!fields.Text("type").Ok(out var type, out var refusal))
                return refusal;
            if (!Is(type, "All") && !fields.Text("value").Ok(out value, out refusal))
                return refusal;
            if (Is(type, "Regex") && !fields.Text("matchType").Ok(out matchType, out refusal))
                return refusal;
            return new Sent(type, value, matchType);
        }

        public Result<PurgeRule> Parse() => PurgeRule.Parse(Type, Value, MatchType);

        private static bool Is(string? text, string word) => string.Equals(text, word, StringComparison.OrdinalIgnoreCase);
    }
}

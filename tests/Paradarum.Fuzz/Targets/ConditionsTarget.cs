using Paradarum.Edge.Freshness;

namespace Paradarum.Fuzz.Targets;

/// <summary>Entity tags, dates and preconditions (<see cref="Validators"/>, <see cref="HttpDate"/>): never throw, and 304 is only said of a 200 that has what the visitor names.</summary>
internal static class ConditionsTarget
{
    public static void Judge(byte[] input)
    {
        // One input stands for both sides: what is stored, and what a visitor says it holds.
        var fields = FuzzFields.Read(input);
        var tag = Validators.ETag(fields);
        BrokenPromiseException.Unless(Validators.StrongETag(fields) is not { } strong || strong == tag, "A strong tag is the tag.");
        if (HttpDate.Parse(fields.LastModified) is { } date)
            BrokenPromiseException.Unless(HttpDate.Parse(HttpDate.Write(date)) == date, "A date that is written reads as the same.");
        var holds = Validators.VisitorHolds(fields, 200, fields);
        if (fields.IfNoneMatch.Count > 0 && tag is null && !fields.IfNoneMatch.Any(line => line!.Trim(' ', '\t').StartsWith('*')))
            BrokenPromiseException.Unless(!holds, "Without a tag nothing is held by tag.");
        BrokenPromiseException.Unless(!Validators.VisitorHolds(fields, 404, fields), "Only a 200 is answered with 304.");
        _ = Validators.RangeApplies(fields, fields);
        _ = Codings.Normalise(fields.AcceptEncoding);
    }
}

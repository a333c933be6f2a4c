using Microsoft.Extensions.Primitives;
using Paradarum.Edge.Freshness;

namespace Paradarum.Fuzz.Targets;

/// <summary><see cref="VaryKey"/>: the request that selected a response selects it again, and the order of names changes nothing.</summary>
internal static class VaryTarget
{
    public static void Judge(byte[] input)
    {
        var fields = FuzzFields.Read(input);
        var vary = fields["Vary"];
        fields.Remove("Vary");
        var key = VaryKey.Of(vary, fields);
        BrokenPromiseException.Unless(key.Matches(fields), "The request that selected a response selects it again.");
        var backwards = VaryKey.Of(new StringValues([.. vary.Reverse()]), fields);
        BrokenPromiseException.Unless(key.Equals(backwards), "The order of the lines changes nothing.");
        BrokenPromiseException.Unless(key.GetHashCode() == backwards.GetHashCode(), "Equal keys have one hash.");
    }
}

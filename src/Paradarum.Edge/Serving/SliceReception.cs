using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Serving;

/// <summary>Judges what came for a slice, without I/O: a piece is of the same body only under the same strong entity tag and length (design section 3, The fence).</summary>
internal static class SliceReception
{
    public static FlightHead Judge(Flight flight, SliceId slice, in ArrivedHead arrived)
    {
        if (
            StoredFreshness.IsError(arrived.Status)
            || arrived.Status is StatusCodes.Status408RequestTimeout or StatusCodes.Status429TooManyRequests
        )
            return new(FlightEnd.Failed) { Failure = FetchFailure.BrokenHead };
        if (arrived.Status is not (StatusCodes.Status200OK or StatusCodes.Status206PartialContent))
            return new(FlightEnd.Changed);
        if (!string.Equals(Validators.StrongETag(arrived.Headers), slice.Of.Tag, StringComparison.Ordinal))
            return new(FlightEnd.Changed);
        if (arrived.Status == StatusCodes.Status200OK || !IsThePiece(slice, arrived))
            return new(FlightEnd.Unsliceable);

        // As the whole would be judged: what must not be kept of it any more is another response, although its bytes are the same.
        var plan = flight.Plan;
        IHeaderDictionary headers = arrived.Headers;
        var verdict = StoreRules.Judge(
            "GET",
            plan.Visitor,
            StatusCodes.Status200OK,
            headers,
            CacheControl.OfResponse(headers),
            plan.RuleTtl
        );
        if (verdict is not (StoreVerdict.Stored or StoreVerdict.RequestNoStore or StoreVerdict.Authorization))
            return new(FlightEnd.Changed);
        flight.Body.Expect(slice.Count);
        return new(FlightEnd.Response)
        {
            Status = arrived.Status,
            Headers = headers,
            Length = slice.Count,
            Verdict = verdict,
            NotStored = verdict == StoreVerdict.Stored ? flight.NotStored : Reception.Kebab(verdict),
            Shareable = verdict == StoreVerdict.Stored,
        };
    }

    /// <summary>Exactly the bytes that were asked for, of a body of the same length.</summary>
    private static bool IsThePiece(SliceId slice, in ArrivedHead arrived) =>
        ((IHeaderDictionary)arrived.Headers).ContentRange is [{ } field]
        && ContentRangeHeaderValue.TryParse(field, out var range)
        && range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase)
        && range.From == slice.First
        && range.To == slice.First + slice.Count - 1
        && range.Length == slice.Of.Length
        && arrived.Length == slice.Count;
}

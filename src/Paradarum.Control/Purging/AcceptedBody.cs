using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Paradarum.Control.Api;

namespace Paradarum.Control.Purging;

/// <summary>What an accepted purge is answered with (contract 1.1, 1.2), as bytes. One for single purges of the same counts: only the id differs, and it is the last of it.</summary>
internal sealed class AcceptedBody
{
    private static readonly byte[] End = "\"}}"u8.ToArray();

    private readonly byte[] _start;

    public AcceptedBody(PurgeJobs jobs)
    {
        Jobs = jobs;
        var whole = Write(
            $"Purge request accepted. {Queued(jobs)}",
            new PurgeAnswer(jobs.Count, jobs.Shields, jobs.Pops, jobs.Hostnames, PurgeId: "")
        );
        if (!whole.AsSpan().EndsWith(End))
            throw new UnreachableException("The id is not the last of an answer.");
        _start = whole[..^End.Length];
    }

    public PurgeJobs Jobs { get; }

    /// <param name="purgeId">In base64url, so nothing of it is to be escaped.</param>
    public byte[] With(string purgeId)
    {
        var body = new byte[_start.Length + purgeId.Length + End.Length];
        _start.CopyTo(body, 0);
        Encoding.ASCII.GetBytes(purgeId, body.AsSpan(_start.Length));
        End.CopyTo(body, body.Length - End.Length);
        return body;
    }

    public static byte[] OfBatch(PurgeOrder order, ImmutableArray<RejectedItem> rejected, PurgeJobs jobs, string purgeId) =>
        Write(
            $"Purge request accepted. {order.Rules.Length} of {order.ItemCount} items accepted, {Queued(jobs)}",
            new BatchAnswer(jobs.Count, order.Rules.Length, rejected, jobs.Shields, jobs.Pops, jobs.Hostnames, purgeId)
        );

    /// <summary>"shields" and "PoPs" stay plural whatever the count, so that the sentence can be parsed.</summary>
    private static string Queued(PurgeJobs jobs) => $"{jobs.Count} jobs queued across {jobs.Shields} shields + {jobs.Pops} PoPs.";

    private static byte[] Write<T>(string message, T data) =>
        JsonSerializer.SerializeToUtf8Bytes(new Envelope<T>(true, message, data), ApiJson.Options);
}

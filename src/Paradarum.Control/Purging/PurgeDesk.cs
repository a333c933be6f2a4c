using System.Collections.Immutable;
using System.Text.Json;
using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Control.Audit;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Tokens;

namespace Paradarum.Control.Purging;

/// <summary>What the caller is told, in the bytes that a repetition of the request is told too.</summary>
/// <param name="Body">The whole envelope.</param>
internal sealed record AcceptedPurge(ulong Position, string PurgeId, ReadOnlyMemory<byte> Body);

/// <summary>
/// Accepts purges (contract 1.1 to 1.3): counts what is there to be purged from memory, appends one record with its row, and answers once both are on disk.
/// </summary>
/// <param name="writer">Makes durable.</param>
/// <param name="census">Who counts now; read once per request.</param>
/// <param name="meter">Counts what was accepted.</param>
/// <param name="traces">Told which request appended which record.</param>
internal sealed class PurgeDesk(LogWriter writer, Func<FleetCensus> census, PurgeMeter meter, RecordTraces traces)
{
    internal static readonly Refusal KeyUsed = new(RefusalKind.Conflict, "Idempotency-Key was already used with another request.");
    private static readonly Refusal NoHostnames = Refusal.Malformed("No active hostnames found for this property.");
    internal static readonly Refusal NoNodes = new(RefusalKind.Unavailable, "No active cache nodes found.");

    /// <summary>
    /// Purges, and bytes of their records, that wait for the disk at one moment. Beyond them a request is refused at once: a disk that has stopped must not fill
    /// the memory. Only purges are bounded here, so what the fleet and the operator write always finds its place.
    /// </summary>
    private const int MostWaiting = 8192;
    private const long MostBytesWaiting = 256L << 20;

    private static readonly Refusal Busy = new(
        RefusalKind.Unavailable,
        "Too many purges are waiting to be made durable. This one was not queued; send it again."
    );

    // It may have reached the disk all the same; then it runs, and once more does no harm.
    private static readonly Refusal NotDurable = new(
        RefusalKind.Unavailable,
        "The purge could not be made durable: the control plane's disk is full or fails. Send it again."
    );

    private static readonly AuditActor SystemActor = Caller.System(0).Actor;

    private int _waiting;
    private long _bytesWaiting;

    // The census as the rows hold it: made once per census, not once per purge. Any thread may replace it with another true pair.
    private volatile CountedNodes _counted = new(FleetCensus.Empty, "[]");

    // The same for the words of an answer, which are the same from purge to purge but for the id.
    private volatile AcceptedBody _body = new(default);

    /// <summary>Queues one purge request of one or many items. Refusals are the contract's: 409, then no hostname, then no node.</summary>
    public async Task<Result<AcceptedPurge>> AcceptAsync(
        Caller caller,
        CatalogueProperty property,
        PurgeOrder order,
        IdempotencyKey? key,
        CancellationToken stop
    )
    {
        // 1. Count from memory; what a request asks for is fixed here.
        var counted = Counted();
        var jobs = new PurgeJobs(counted.Census.Shields.Length, counted.Census.Pops.Length, property.ActiveHostnames);
        var refusal =
            jobs.Hostnames == 0 ? NoHostnames
            : jobs.Pops == 0 ? NoNodes
            : null;
        if (refusal is not null && key is null)
            return refusal;

        using var span = RecordTraces.Source.StartActivity("purge.accept");
        span?.SetTag("paradarum.property", property.Id);

        // 2. The record, its row and the remembered answer share a transaction and its flush. A key is looked up in there too: a twin in flight runs before or
        //    after this one, never beside it, and both are answered after the flush.
        var payload = refusal is null ? order.ToPayload(property.Id) : [];
        if (key is null)
        {
            var appended = await BoundedAsync<ulong>(payload.Length, write => Append(write), savepoint: false, stop);
            // Said after the flush, by the request's own thread: others' purges need not wait for its words.
            return appended.Ok(out var position, out refusal) ? Accepted(property, order, jobs, position) : refusal;
        }
        return await BoundedAsync<AcceptedPurge>(
            payload.Length,
            write =>
            {
                if (Remembered(write, property.Id, key) is { } answer)
                    return answer;
                if (refusal is not null)
                    return refusal;
                var accepted = Accepted(property, order, jobs, Append(write));
                Remember(write, property.Id, key, accepted);
                return accepted;
            },
            savepoint: true,
            stop
        );

        ulong Append(LogWrite write)
        {
            var position = write.Append(property.Id, purges: true, payload).Position;
            PurgeRows.Append(
                write,
                position,
                (property.Id, property.AccountId),
                caller.Actor,
                order.Rules.Length,
                PurgeRows.TypesOf(order.Rules),
                jobs,
                counted.Ids
            );
            traces.Appended(position, span);
            write.AfterFlush(() => meter.Accepted(caller.Name));
            return position;
        }
    }

    /// <summary>Appends a purge of all of a property that a change of it makes, with its row: history shows it as <c>system</c>. Inside the change's own write.</summary>
    public void AppendSystem(LogWrite write, SystemPurge purge)
    {
        var body = new PurgeBody { Rules = { new RuleMessage { Kind = RuleKind.All } }, OnlyNode = purge.OnlyNode ?? "" };
        var payload = new RecordPayload
        {
            PropertyId = purge.PropertyId,
            Purges = true,
            Purge = body,
        };
        var counted = Counted();
        // One named node clears every hostname of the property; else everyone who would be counted for a request does.
        var (jobs, nodes) = purge.OnlyNode is { } only
            ? (new PurgeJobs(1, 0, purge.Hostnames), JsonSerializer.Serialize<string[]>([only]))
            : (new PurgeJobs(counted.Census.Shields.Length, counted.Census.Pops.Length, purge.Hostnames), counted.Ids);
        var position = write.Append(payload).Position;
        PurgeRows.Append(write, position, (purge.PropertyId, purge.AccountId), SystemActor, 1, PurgeTypes.All, jobs, nodes);
        write.AfterFlush(() => meter.Accepted(PurgeMeter.System));
    }

    private async Task<Result<T>> BoundedAsync<T>(int bytes, Func<LogWrite, Result<T>> work, bool savepoint, CancellationToken stop)
    {
        try
        {
            // Both are counted before either is judged, so that requests of the same moment see one another.
            var (waiting, bytesWaiting) = (Interlocked.Increment(ref _waiting), Interlocked.Add(ref _bytesWaiting, bytes));
            return waiting > MostWaiting || bytesWaiting > MostBytesWaiting ? Busy
                : savepoint ? await writer.WriteAsync(work, stop)
                : await writer.WriteSurelyAsync(work, stop);
        }
        catch (LogUnavailableException)
        {
            return NotDurable; // the writer has said why in its log
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
            Interlocked.Add(ref _bytesWaiting, -bytes);
        }
    }

    private AcceptedPurge Accepted(CatalogueProperty property, PurgeOrder order, PurgeJobs jobs, ulong position)
    {
        var purgeId = new PurgeToken(writer.Feed.Epoch, property.Id, position).Write(writer.Feed.PurgeTokenKey.Span);
        return new AcceptedPurge(position, purgeId, Body(order, jobs, purgeId));
    }

    private ReadOnlyMemory<byte> Body(PurgeOrder order, PurgeJobs jobs, string purgeId)
    {
        if (order.Rejected is { } rejected)
            return AcceptedBody.OfBatch(order, rejected, jobs, purgeId);
        var body = _body;
        if (body.Jobs != jobs)
            _body = body = new AcceptedBody(jobs);
        return body.With(purgeId);
    }

    private static Result<AcceptedPurge>? Remembered(LogWrite write, long propertyId, IdempotencyKey key)
    {
        var kept = write.Query(
            "SELECT digest, position, answer FROM purge_answers WHERE property_id = $1 AND idempotency_key = $2 AND answered_at > $3",
            row =>
                (
                    Digest: row.GetFieldValue<byte[]>(0),
                    Position: (ulong)row.GetInt64(1),
                    Answer: KeptAnswer.Read(row.GetFieldValue<byte[]>(2))
                ),
            propertyId,
            key.Text,
            (write.Now - IdempotencyKey.Remembered).ToUnixTimeMilliseconds()
        );
        if (kept.Count == 0)
            return null;
        return kept[0].Digest.AsSpan().SequenceEqual(key.Digest)
            ? new AcceptedPurge(kept[0].Position, kept[0].Answer.PurgeId, kept[0].Answer.Body)
            : KeyUsed;
    }

    private static void Remember(LogWrite write, long propertyId, IdempotencyKey key, AcceptedPurge accepted)
    {
        // What is past its time goes here: also the same key's former answer, so that the insert finds its place free.
        write.Execute(
            "DELETE FROM purge_answers WHERE answered_at <= $1",
            (write.Now - IdempotencyKey.Remembered).ToUnixTimeMilliseconds()
        );
        write.Execute(
            "INSERT INTO purge_answers (property_id, idempotency_key, digest, answered_at, position, answer) VALUES ($1, $2, $3, $4, $5, $6)",
            propertyId,
            key.Text,
            key.Digest,
            write.Now.ToUnixTimeMilliseconds(),
            (long)accepted.Position,
            KeptAnswer.Write(accepted)
        );
    }

    private CountedNodes Counted()
    {
        var now = census();
        var counted = _counted;
        if (ReferenceEquals(counted.Census, now))
            return counted;
        string[] ids = [.. now.Shields, .. now.Pops];
        return _counted = new CountedNodes(now, JsonSerializer.Serialize(ids));
    }

    private sealed record CountedNodes(FleetCensus Census, string Ids);
}

using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Paradarum.Edge.Serving;

namespace Paradarum.Edge.Telemetry;

/// <param name="Path">Lines are appended to it; <c>-</c>: standard output.</param>
/// <param name="Sample">One of so many requests is written, 1 to 1 000 000.</param>
internal sealed record AccessLogOptions(string Path, int Sample = 1);

/// <summary>
/// One JSON object for each request that was answered, written off the requests' way (docs/operating/access-log.md). A request leaves its facts in a bounded queue; when the
/// writer is that far behind, the line is dropped, counted, and the count written when it can be.
/// </summary>
internal sealed class AccessLog(AccessLogOptions options, string node, TimeProvider time, ILogger<AccessLog> log) : BackgroundService
{
    /// <summary>Lines that wait to be written; with the bounds of <see cref="AccessLine"/> a few MiB, at most 64.</summary>
    public const int Longest = 8192;

    /// <summary>Bytes that are written at once.</summary>
    private const int Batch = 64 << 10;

    private readonly Channel<AccessLine> _lines = Channel.CreateBounded<AccessLine>(
        new BoundedChannelOptions(Longest) { SingleReader = true }
    );
    private long _seen;
    private long _dropped;
    private long _droppedWritten;
    private bool _failed;

    /// <summary>Lines that were not written since the start.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    public async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        var started = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            if (options.Sample == 1 || Interlocked.Increment(ref _seen) % options.Sample == 1)
                Note(AccessLine.Of(context, time.GetUtcNow(), time.GetElapsedTime(started)));
        }
    }

    /// <summary>After the last request: what waits is written first.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _lines.Writer.TryComplete();
        await base.StopAsync(cancellationToken);
        // A service that is stopped before its task had a processor is never run at all.
        if (ExecuteTask is not { IsCompleted: false })
            await WriteAllAsync();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => WriteAllAsync();

    /// <summary>Until the last line after the last request.</summary>
    private async Task WriteAllAsync()
    {
        var text = new ArrayBufferWriter<byte>(2 * Batch);
        while (await _lines.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var count = 0;
            text.ResetWrittenCount();
            for (; text.WrittenCount < Batch && _lines.Reader.TryRead(out var line); count++)
                Write(text, line.Write, node);
            var dropped = Dropped;
            if (dropped > _droppedWritten)
                Write(text, (json, _) => json.WriteNumber("dropped", dropped - _droppedWritten), node);
            if (await AppendAsync(text.WrittenMemory))
                _droppedWritten = dropped;
            else
                Interlocked.Add(ref _dropped, count);
        }
    }

    private void Note(in AccessLine line)
    {
        if (!_lines.Writer.TryWrite(line))
            Interlocked.Increment(ref _dropped);
    }

    private static void Write(ArrayBufferWriter<byte> text, Action<Utf8JsonWriter, string> fields, string node)
    {
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            fields(json, node);
            json.WriteEndObject();
        }
        text.Write("\n"u8);
    }

    /// <summary>Opens the file anew for each batch: one that was moved away by a rotation is let go of. Whole lines in one write, so that nodes may share a file.</summary>
    private async Task<bool> AppendAsync(ReadOnlyMemory<byte> lines)
    {
        try
        {
            await using Stream file =
                options.Path == "-"
                    ? Console.OpenStandardOutput()
                    : new FileStream(
                        options.Path,
                        FileMode.Append,
                        FileAccess.Write,
                        FileShare.ReadWrite | FileShare.Delete,
                        bufferSize: 0
                    );
            await file.WriteAsync(lines);
            _failed = false;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_failed)
                log.AccessLogFails(options.Path, e);
            _failed = true;
            return false;
        }
    }
}

/// <summary>Messages of telemetry, ids 5100 to 5199.</summary>
internal static partial class Log
{
    [LoggerMessage(5100, LogLevel.Warning, "The access log {Path} can't be written: lines are dropped until it can")]
    public static partial void AccessLogFails(this ILogger log, string path, Exception cause);
}

/// <summary>How the log adds itself to a node.</summary>
internal static class AccessLogComposition
{
    public static void AddAccessLog(this IServiceCollection services, AccessLogOptions options, string node)
    {
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<AccessLog>(provider, options, node));
        services.AddHostedService(provider => provider.GetRequiredService<AccessLog>());
        // What is refused is logged too.
        services.AddSingleton<AroundTheDoor>(provider =>
        {
            var log = provider.GetRequiredService<AccessLog>();
            return door => context => log.HandleAsync(context, door);
        });
    }
}

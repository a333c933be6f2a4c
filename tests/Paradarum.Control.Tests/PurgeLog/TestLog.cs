using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Testing.Postgres;

namespace Paradarum.Control.Tests.PurgeLog;

/// <summary>A log in a folder of its own, with a flush that can be held or made to fail.</summary>
internal sealed class TestLog : IAsyncDisposable
{
    private readonly bool _ownsFolder;
    private LogWriter? _writer;

    private TestLog(string folder, LogOptions options, bool ownsFolder)
    {
        Folder = folder;
        Options = options;
        _ownsFolder = ownsFolder;
    }

    public string Folder { get; }
    public LogOptions Options { get; private set; }
    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    public LogWriter Writer => _writer!;
    public LogFeed Feed => Writer.Feed;
    public string DatabaseFile => Path.Combine(Folder, "paradarum.db");

    /// <summary>In the place of the commit: called with the real one.</summary>
    public Action<Action> Flush { get; set; } = commit => commit();

    public static TestLog Open(Func<LogOptions, LogOptions>? with = null, params IReadOnlyList<SchemaPart> parts) =>
        OpenIn(Directory.CreateTempSubdirectory("paradarum-log-").FullName, ownsFolder: true, with, parts);

    public static TestLog OpenIn(
        string folder,
        bool ownsFolder,
        Func<LogOptions, LogOptions>? with = null,
        params IReadOnlyList<SchemaPart> parts
    )
    {
        var options = new LogOptions { Folder = folder, Database = TestDatabases.For(folder) };
        var log = new TestLog(folder, with?.Invoke(options) ?? options, ownsFolder);
        log.Start(parts);
        return log;
    }

    public async Task Reopen(Func<LogOptions, LogOptions>? with = null, params IReadOnlyList<SchemaPart> parts)
    {
        await Writer.DisposeAsync();
        Options = with?.Invoke(Options) ?? Options;
        Start(parts);
    }

    private void Start(IReadOnlyList<SchemaPart> parts) =>
        _writer = LogWriter.Open(Options, Time, NullLogger.Instance, transaction => Flush(transaction.Commit), parts);

    public Task<LogRecord> Append(long property = 1, string value = "/a") =>
        Writer.WriteAsync(write => write.Append(Purge(property, value)), TestContext.Current.CancellationToken);

    public static RecordPayload Purge(long property, string value) =>
        new()
        {
            PropertyId = property,
            Purges = true,
            Purge = new PurgeBody
            {
                Rules =
                {
                    new RuleMessage { Kind = RuleKind.Path, Value = value },
                },
            },
        };

    public static RecordPayload Configuration(long property, string name = "p") =>
        new()
        {
            PropertyId = property,
            Property = new PropertyBody { Name = name },
        };

    /// <summary>Everything that can be read, with positions gap-free from the tail and the chain checked over all of it.</summary>
    public static List<LogRecord> ReadAll(LogFeed feed)
    {
        var all = new List<LogRecord>();
        var (after, hash) = (feed.Tail, feed.HashAt(feed.Tail)!.Value);
        while (true)
        {
            feed.TryRead(after, 100, 1 << 20, out var records).ShouldBeTrue();
            if (records.Count == 0)
                break;
            foreach (var record in records)
            {
                record.Position.ShouldBe(after + 1);
                record.Hash.ToArray().ShouldBe(Chain.Next(hash.Span, record.Position, record.Payload.Span));
                (after, hash) = (record.Position, record.Hash);
                all.Add(record);
            }
        }
        after.ShouldBe(feed.Head.Position);
        hash.ToArray().ShouldBe(feed.Head.Hash.ToArray());
        return all;
    }

    public static string ValueOf(LogRecord record) => RecordPayload.Parser.ParseFrom(record.Payload.Span).Purge.Rules[0].Value;

    /// <summary>Past the writer, as whoever damages a database does.</summary>
    public DbConnection Connect()
    {
        DbConnection connection = TestDatabases.For(Folder) is { } database
            ? new NpgsqlConnection(database + ";Pooling=false")
            : new SqliteConnection($"Data Source={DatabaseFile};Pooling=False");
        connection.Open();
        return connection;
    }

    public T Scalar<T>(string sql)
    {
        using var connection = Writer.OpenReader();
        return (T)connection.Scalar(sql)!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_writer is not null)
            await _writer.DisposeAsync();
        SqliteConnection.ClearAllPools();
        if (!_ownsFolder)
            return;
        TestDatabases.Forget(Folder);
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>A flush that waits until it is let go.</summary>
internal sealed class HeldFlush : IDisposable
{
    private readonly ManualResetEventSlim _letGo = new();
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a group is at its flush.</summary>
    public Task Reached => _reached.Task;

    public void Flush(Action commit)
    {
        _reached.TrySetResult();
        _letGo.Wait();
        commit();
    }

    public void LetGo() => _letGo.Set();

    public void Dispose()
    {
        _letGo.Set();
        _letGo.Dispose();
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Paradarum.Bench.Load;

/// <summary>Clients in a closed loop over keep-alive HTTP/1.1: each connection, on a thread of its own, asks again as soon as it has the last answer whole.</summary>
/// <param name="ports">On loopback; connections are dealt out to them in turn.</param>
/// <param name="request">The bytes of request n of a connection; made before, so that it costs nothing.</param>
/// <param name="isGood">Judges the head of an answer; others are counted apart.</param>
internal sealed class HttpLoad(IReadOnlyList<int> ports, Func<int, int, byte[]> request, Func<ReadOnlySpan<byte>, bool> isGood)
{
    /// <param name="connections">At once.</param>
    /// <param name="duration">After it, no request is sent.</param>
    /// <param name="perSecond">
    /// All connections together, each at its own even pace; null: as fast as they are answered. At a pace, times count from when a request was due: one that had to wait
    /// for the answer before it is late, and says so.
    /// </param>
    public async Task<LoadFigures> MeasureAsync(int connections, TimeSpan duration, double? perSecond = null)
    {
        var started = Stopwatch.GetTimestamp();
        var until = started + Ticks(duration.TotalSeconds);
        var pace = perSecond is { } rate ? Ticks(connections / rate) : 0;
        var clients = await Task.WhenAll(
            Enumerable.Range(0, connections).Select(n => OnItsOwnThread(() => Ask(n, started + (pace * n / connections), pace, until)))
        );
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var times = clients.SelectMany(client => client.Times).ToArray();
        Array.Sort(times);
        return new LoadFigures(times.Length / seconds, clients.Sum(client => client.Others), times);
    }

    private (List<long> Times, int Others) Ask(int connection, long next, long pace, long until)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(new IPEndPoint(IPAddress.Loopback, ports[connection % ports.Count]));
        var buffer = new byte[16 << 10];
        var (times, others) = (new List<long>(1 << 14), 0);
        for (var n = 0; ; n++, next += pace)
        {
            if (pace > 0 && Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), next) is { Ticks: > 0 } early)
                socket.Poll(early, SelectMode.SelectError);
            var sent = Stopwatch.GetTimestamp();
            if (sent >= until)
                return (times, others);
            socket.Send(request(connection, n));
            var good = ReadAnswer(socket, buffer);
            // A wait may end a fraction of a millisecond early.
            times.Add(Stopwatch.GetTimestamp() - (pace > 0 ? Math.Min(next, sent) : sent));
            if (!good)
                others++;
        }
    }

    private bool ReadAnswer(Socket socket, byte[] buffer)
    {
        var read = 0;
        while (true)
        {
            var more = socket.Receive(buffer.AsSpan(read));
            if (more == 0)
                throw new IOException("The server hung up.");
            read += more;
            if (IsWhole(buffer.AsSpan(0, read), out var head))
                return isGood(head);
        }
    }

    /// <summary>Whether an answer with a length has arrived to its end.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> answer, out ReadOnlySpan<byte> head)
    {
        var end = answer.IndexOf("\r\n\r\n"u8);
        head = answer[..Math.Max(0, end)];
        if (end < 0)
            return false;
        var length = answer[(answer.IndexOf("Content-Length: "u8) + "Content-Length: ".Length)..];
        length = length[..length.IndexOf((byte)'\r')];
        return answer.Length >= end + 4 + int.Parse(length, CultureInfo.InvariantCulture);
    }

    /// <summary>Blocking clients would take the servers' threads from the pool.</summary>
    public static Task<T> OnItsOwnThread<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public static long Ticks(double seconds) => (long)(seconds * Stopwatch.Frequency);
}

/// <summary>What clients saw.</summary>
/// <param name="PerSecond">Answers, all connections together.</param>
/// <param name="Others">Answers that were not good.</param>
/// <param name="Times">Sorted, in ticks of <see cref="Stopwatch"/>.</param>
internal sealed record LoadFigures(double PerSecond, int Others, long[] Times)
{
    /// <summary>Microseconds.</summary>
    public double At(double percentile) =>
        Times.Length == 0
            ? 0
            : Stopwatch.GetElapsedTime(0, Times[Math.Min(Times.Length - 1, (int)(Times.Length * percentile / 100))]).TotalMicroseconds;
}

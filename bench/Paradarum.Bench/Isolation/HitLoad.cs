using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Paradarum.Bench.Isolation;

/// <summary>Visitors in a closed loop: each connection asks for the next page as soon as it has the last one whole. Answers that are no HIT are counted apart.</summary>
internal sealed class HitLoad(int port, string host, int pages, int connections)
{
    public async Task<HitFigures> MeasureAsync(TimeSpan duration)
    {
        var started = Stopwatch.GetTimestamp();
        var until = started + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var visitors = await Task.WhenAll(Enumerable.Range(0, connections).Select(n => OnItsOwnThread(() => Visit(n, until))));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var times = visitors.SelectMany(visitor => visitor.Times).ToArray();
        Array.Sort(times);
        return new HitFigures(times.Length / seconds, visitors.Sum(visitor => visitor.Others), times);
    }

    /// <summary>Blocking visitors would take the nodes' threads from the pool.</summary>
    private static Task<T> OnItsOwnThread<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private (List<long> Times, int Others) Visit(int first, long until)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
        var requests = Enumerable
            .Range(0, pages)
            .Select(n => Encoding.ASCII.GetBytes($"GET /page/{n} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
            .ToArray();
        var buffer = new byte[16 << 10];
        var (times, others) = (new List<long>(1 << 16), 0);
        for (var n = first * 97; ; n++)
        {
            var sent = Stopwatch.GetTimestamp();
            if (sent >= until)
                return (times, others);
            socket.Send(requests[n % pages]);
            var isHit = ReadAnswer(socket, buffer);
            times.Add(Stopwatch.GetTimestamp() - sent);
            if (!isHit)
                others++;
        }
    }

    private static bool ReadAnswer(Socket socket, byte[] buffer)
    {
        var read = 0;
        while (true)
        {
            var more = socket.Receive(buffer.AsSpan(read));
            if (more == 0)
                throw new IOException("The PoP hung up.");
            read += more;
            var answer = buffer.AsSpan(0, read);
            var head = answer.IndexOf("\r\n\r\n"u8);
            if (head < 0)
                continue;
            var length = answer[(answer.IndexOf("Content-Length: "u8) + "Content-Length: ".Length)..];
            length = length[..length.IndexOf((byte)'\r')];
            if (read < head + 4 + int.Parse(length, CultureInfo.InvariantCulture))
                continue;
            return answer[..head].IndexOf("X-Cache: HIT"u8) >= 0;
        }
    }
}

/// <summary>What visitors saw in one phase.</summary>
/// <param name="PerSecond">Answers, all connections together.</param>
/// <param name="Others">Answers that were no HIT.</param>
/// <param name="Times">Sorted, in ticks of <see cref="Stopwatch"/>.</param>
internal sealed record HitFigures(double PerSecond, int Others, long[] Times)
{
    /// <summary>Microseconds.</summary>
    public double At(double percentile) =>
        Stopwatch.GetElapsedTime(0, Times[Math.Min(Times.Length - 1, (int)(Times.Length * percentile / 100))]).TotalMicroseconds;
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Paradarum.Bench.Load;

/// <summary>
/// Clients that ask at an even pace, for latencies: one thread looks after all connections and never waits, so that what is measured is how long the server takes and not when the
/// system lets one of many client threads run. It takes a processor for itself, from every server alike.
/// </summary>
/// <param name="port">On loopback.</param>
/// <param name="request">The bytes of request n of a connection; made before, so that it costs nothing.</param>
/// <param name="isGood">Judges the head of an answer; others are counted apart.</param>
internal sealed class PacedLoad(int port, Func<int, int, byte[]> request, Func<ReadOnlySpan<byte>, bool> isGood)
{
    /// <param name="connections">At once, each at its own even pace.</param>
    /// <param name="duration">After it, no request is sent.</param>
    /// <param name="perSecond">All connections together. Times count from when a request was due: one that had to wait for the answer before it is late, and says so.</param>
    public Task<LoadFigures> MeasureAsync(int connections, TimeSpan duration, double perSecond) =>
        HttpLoad.OnItsOwnThread(() => Measure(connections, duration, perSecond));

    private LoadFigures Measure(int connections, TimeSpan duration, double perSecond)
    {
        var pace = HttpLoad.Ticks(connections / perSecond);
        var sockets = Enumerable.Range(0, connections).Select(_ => Connect()).ToArray();
        var started = Stopwatch.GetTimestamp();
        var until = started + HttpLoad.Ticks(duration.TotalSeconds);
        var clients = sockets.Select((socket, n) => new Client(socket) { Due = started + (pace * n / connections) }).ToArray();
        var times = new List<long>((int)(perSecond * duration.TotalSeconds * 1.1));
        var others = 0;
        for (var open = connections; open > 0; )
        {
            open = 0;
            for (var n = 0; n < clients.Length; n++)
            {
                var client = clients[n];
                if (client.HasAnswer(isGood, out var isOneOfOthers))
                {
                    times.Add(Stopwatch.GetTimestamp() - client.Due);
                    client.Due += pace;
                    others += isOneOfOthers ? 1 : 0;
                }
                var now = Stopwatch.GetTimestamp();
                if (!client.Waits && client.Due <= now && now < until)
                    client.Ask(request(n, client.Asked));
                open += client.Waits || now < until ? 1 : 0;
            }
        }
        foreach (var socket in sockets)
            socket.Dispose();
        var all = times.ToArray();
        Array.Sort(all);
        return new LoadFigures(all.Length / Stopwatch.GetElapsedTime(started).TotalSeconds, others, all);
    }

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
        socket.Blocking = false;
        return socket;
    }

    private sealed class Client(Socket socket)
    {
        private readonly byte[] _buffer = new byte[16 << 10];
        private int _read;

        public long Due { get; set; }

        public int Asked { get; private set; }

        public bool Waits { get; private set; }

        public void Ask(byte[] bytes)
        {
            socket.Send(bytes);
            (Waits, _read) = (true, 0);
            Asked++;
        }

        public bool HasAnswer(Func<ReadOnlySpan<byte>, bool> isGood, out bool isOneOfOthers)
        {
            isOneOfOthers = false;
            if (!Waits)
                return false;
            var more = socket.Receive(_buffer.AsSpan(_read), SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
                return false;
            if (more == 0)
                throw new IOException($"The server hung up: {error}.");
            _read += more;
            if (!HttpLoad.IsWhole(_buffer.AsSpan(0, _read), out var head))
                return false;
            (Waits, isOneOfOthers) = (false, !isGood(head));
            return true;
        }
    }
}

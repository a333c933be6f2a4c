using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Paradarum.Testing;

/// <summary>
/// An origin on a raw loopback socket whose answers a test scripts byte by byte: held behind a gate, cut in the middle, changed between two requests. Keeps
/// every request it saw.
/// </summary>
public sealed class ScriptedOrigin : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<OriginRequest> _requests = new();
    private readonly ConcurrentDictionary<Socket, byte> _connections = new();
    private readonly Task _accepting;

    public ScriptedOrigin()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>How every request is answered. Default: 200, fresh for a minute, "hello".</summary>
    public Func<OriginExchange, Task> Script { get; set; } = exchange => exchange.RespondAsync("hello");

    /// <summary>From now on every answer, fresh for a minute, stops at the gate after half of its body.</summary>
    public void StopsHalfway(string half, Gate gate) =>
        Script = async exchange =>
        {
            await exchange.BeginAsync($"Cache-Control: max-age=60 | Content-Length: {2 * half.Length}");
            await exchange.SendAsync(half);
            await gate.PassAsync();
            await exchange.SendAsync(half);
        };

    public IReadOnlyList<OriginRequest> Requests => [.. _requests];

    public int CountOf(string target) => _requests.Count(request => request.Target == target);

    public OriginRequest Last => _requests.Last();

    /// <summary>Stops answering; a test may do so in its middle.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        _listener.Stop();
        foreach (var (connection, _) in _connections)
            connection.Dispose();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                _connections[socket] = 0;
                _ = ServeAsync(socket);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var _ = socket;
        await using var stream = new NetworkStream(socket);
        try
        {
            while (await OriginRequest.ReadAsync(stream, _stop.Token) is { } request)
            {
                _requests.Enqueue(request);
                var exchange = new OriginExchange(request, socket, stream);
                await Script(exchange);
                if (exchange.IsClosed)
                    return;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or SocketException)
        {
            // The node hung up, or the origin was stopped.
        }
        finally
        {
            _connections.TryRemove(socket, out var _);
        }
    }
}

/// <summary>A request as the origin saw it. Fields that were sent several times keep every value, in order.</summary>
public sealed record OriginRequest(string Method, string Target, IReadOnlyList<KeyValuePair<string, string>> Fields, string Body)
{
    /// <summary>The values of a field, joined; null when it was not sent.</summary>
    public string? this[string name]
    {
        get
        {
            var values = Fields
                .Where(field => field.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
                .Select(field => field.Value)
                .ToArray();
            return values.Length == 0 ? null : string.Join(", ", values);
        }
    }

    internal static async Task<OriginRequest?> ReadAsync(Stream stream, CancellationToken stop)
    {
        var head = await ReadHeadAsync(stream, stop);
        if (head is null)
            return null;
        var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var start = lines[0].Split(' ');
        var fields = lines[1..]
            .Select(line =>
                KeyValuePair.Create(
                    line[..line.IndexOf(':', StringComparison.Ordinal)],
                    line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
                )
            )
            .ToArray();
        var request = new OriginRequest(start[0], start[1], fields, "");
        if (request["Expect"] is not null)
            await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), stop);
        if (request["Content-Length"] is { } length)
            return request with { Body = await ReadExactAsync(stream, int.Parse(length, CultureInfo.InvariantCulture), stop) };
        if (request["Transfer-Encoding"] is not null)
            return request with { Body = await ReadChunksAsync(stream, stop) };
        return request;
    }

    private static async Task<string> ReadChunksAsync(Stream stream, CancellationToken stop)
    {
        var body = new StringBuilder();
        while (true)
        {
            var size = int.Parse(await ReadLineAsync(stream, stop), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            body.Append(await ReadExactAsync(stream, size, stop));
            await ReadLineAsync(stream, stop);
            if (size == 0)
                return body.ToString();
        }
    }

    private static async Task<string> ReadLineAsync(Stream stream, CancellationToken stop)
    {
        var line = new StringBuilder();
        while (!line.ToString().EndsWith("\r\n", StringComparison.Ordinal))
            line.Append(await ReadExactAsync(stream, 1, stop));
        return line.ToString().TrimEnd();
    }

    private static async Task<string?> ReadHeadAsync(Stream stream, CancellationToken stop)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (head.Length < 4 || head.ToString(head.Length - 4, 4) != "\r\n\r\n")
        {
            if (await stream.ReadAsync(one, stop) == 0)
                return null;
            head.Append((char)one[0]);
        }
        return head.ToString();
    }

    private static async Task<string> ReadExactAsync(Stream stream, int count, CancellationToken stop)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, stop);
        return Encoding.Latin1.GetString(bytes);
    }
}

/// <summary>One request being answered.</summary>
public sealed class OriginExchange(OriginRequest request, Socket socket, Stream stream)
{
    public OriginRequest Request { get; } = request;

    public bool IsClosed { get; private set; }

    /// <summary>Sends bytes as they are, one for each character.</summary>
    public async Task SendAsync(string raw) => await stream.WriteAsync(Encoding.Latin1.GetBytes(raw));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await stream.WriteAsync(bytes);

    /// <summary>A whole response with its length. <paramref name="fields"/> are separated by <c>|</c>.</summary>
    public Task RespondAsync(string body, string fields = "Cache-Control: max-age=60", string status = "200 OK") =>
        SendAsync(
            $"{Head(status, fields)}Content-Length: {Encoding.Latin1.GetByteCount(body)}\r\n\r\n{(Request.Method == "HEAD" ? "" : body)}"
        );

    /// <summary>A head without a body; the caller adds the framing field and sends the body itself.</summary>
    public Task BeginAsync(string fields, string status = "200 OK") => SendAsync(Head(status, fields) + "\r\n");

    public Task NotModifiedAsync(string fields) => SendAsync(Head("304 Not Modified", fields) + "\r\n");

    /// <summary>Ends the connection in an orderly way.</summary>
    public void Close()
    {
        IsClosed = true;
        socket.Shutdown(SocketShutdown.Both);
    }

    /// <summary>Ends the connection with a reset.</summary>
    public void Reset()
    {
        IsClosed = true;
        socket.LingerState = new LingerOption(enable: true, 0);
        socket.Close();
    }

    private static string Head(string status, string fields)
    {
        var head = new StringBuilder("HTTP/1.1 ").Append(status).Append("\r\n");
        foreach (var field in fields.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            head.Append(field).Append("\r\n");
        return head.ToString();
    }
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Paradarum.Testing;

/// <summary>An answer as it came over the wire. Field values are Latin-1; the last of several wins.</summary>
public sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Fields, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string? this[string name] => Fields.GetValueOrDefault(name);
}

/// <summary>
/// A visitor or client that sends bytes as they are, well-formed or not, to a loopback port, over one connection for as long as the server keeps it. Not for several
/// threads.
/// </summary>
public sealed class RawConnection(int port) : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private Socket? _socket;
    private byte[] _buffer = new byte[16 << 10];
    private int _start;
    private int _end;

    /// <summary>Sends the bytes and reads the answer; null when the server hung up without one.</summary>
    /// <param name="request">Exactly what is sent.</param>
    /// <param name="isHead">The answer has no body, whatever its length says.</param>
    /// <exception cref="TimeoutException">No whole answer within 30 s.</exception>
    public async Task<RawAnswer?> SendAsync(ReadOnlyMemory<byte> request, bool isHead = false)
    {
        using var limit = new CancellationTokenSource(Longest);
        try
        {
            var socket = await OpenAsync(limit.Token);
            await SendAllAsync(socket, request, limit.Token);
            var answer = await ReadAsync(isHead, limit.Token);
            if (answer is null || string.Equals(answer["Connection"], "close", StringComparison.OrdinalIgnoreCase))
                Dispose();
            return answer;
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"No answer to: {Encoding.Latin1.GetString(request.Span[..Math.Min(request.Length, 400)])}", e);
        }
        catch (SocketException)
        {
            Dispose();
            return null;
        }
    }

    /// <summary>Sends the bytes and hangs up in the middle, with a reset.</summary>
    public async Task SendAndLeaveAsync(ReadOnlyMemory<byte> request)
    {
        Dispose();
        try
        {
            var socket = await OpenAsync(CancellationToken.None);
            await socket.SendAsync(request);
            socket.LingerState = new LingerOption(enable: true, 0);
        }
        catch (SocketException)
        {
            // The server was faster.
        }
        Dispose();
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _socket = null;
        (_start, _end) = (0, 0);
    }

    private async Task<Socket> OpenAsync(CancellationToken stop)
    {
        if (_socket is not null)
            return _socket;
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await _socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), stop);
        return _socket;
    }

    /// <summary>A server that refuses stops reading: what it answered is still there to be read.</summary>
    private static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> request, CancellationToken stop)
    {
        try
        {
            for (var sent = 0; sent < request.Length; )
                sent += await socket.SendAsync(request[sent..], stop);
        }
        catch (SocketException)
        {
            // Read what there is.
        }
    }

    private async Task<RawAnswer?> ReadAsync(bool isHead, CancellationToken stop)
    {
        while (true)
        {
            if (await ReadHeadAsync(stop) is not { } head)
                return null;
            var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
            var status = int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
            if (status is >= 100 and < 200)
                continue;
            var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var line in lines.Skip(1))
            {
                var colon = line.IndexOf(':', StringComparison.Ordinal);
                fields[line[..colon]] = line[(colon + 1)..].Trim();
            }
            var body = isHead || status is 204 or 304 ? [] : await ReadBodyAsync(fields, stop);
            return new RawAnswer(status, fields, body);
        }
    }

    private async Task<byte[]> ReadBodyAsync(Dictionary<string, string> fields, CancellationToken stop)
    {
        if (fields.TryGetValue("Content-Length", out var length))
            return await TakeAsync(int.Parse(length, CultureInfo.InvariantCulture), stop);
        if (!fields.ContainsKey("Transfer-Encoding"))
            return [];
        using var body = new MemoryStream();
        while (true)
        {
            var size = int.Parse(await ReadLineAsync(stop), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            body.Write(await TakeAsync(size, stop));
            await TakeAsync(2, stop);
            if (size == 0)
                return body.ToArray();
        }
    }

    private async Task<string?> ReadHeadAsync(CancellationToken stop)
    {
        while (true)
        {
            var found = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8);
            if (found >= 0)
                return Encoding.Latin1.GetString(Take(found + 4));
            if (!await FillAsync(stop))
                return null;
        }
    }

    private async Task<string> ReadLineAsync(CancellationToken stop)
    {
        while (true)
        {
            var found = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8);
            if (found >= 0)
                return Encoding.Latin1.GetString(Take(found + 2)).TrimEnd();
            if (!await FillAsync(stop))
                throw new IOException("The answer ended in the middle.");
        }
    }

    private async Task<byte[]> TakeAsync(int count, CancellationToken stop)
    {
        while (_end - _start < count)
        {
            if (!await FillAsync(stop))
                throw new IOException("The answer ended in the middle.");
        }
        return Take(count).ToArray();
    }

    private Span<byte> Take(int count)
    {
        var taken = _buffer.AsSpan(_start, count);
        _start += count;
        return taken;
    }

    private async Task<bool> FillAsync(CancellationToken stop)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        var read = await _socket!.ReceiveAsync(_buffer.AsMemory(_end), stop);
        _end += read;
        return read > 0;
    }
}

using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Paradarum.Testing;

/// <summary>
/// A small DNS server on loopback (RFC 1035, UDP). Records are written as <c>A 192.0.2.7</c>, <c>AAAA 2001:db8::7</c> or <c>CNAME name</c>; <c>*.parent</c> stands for
/// every name under it that has none of its own (RFC 4592); a name without records does not exist.
/// </summary>
internal sealed class TestDns : IAsyncDisposable
{
    private const int NotExistentDomain = 3;

    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly ConcurrentDictionary<string, string[]> _records = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _answering;
    private int _questions;

    public TestDns() => _answering = AnswerAsync();

    public IPEndPoint Address => (IPEndPoint)_socket.Client.LocalEndPoint!;

    /// <summary>Sends the rest of a chain of aliases too, as resolvers do; else one link, as the server of one zone does.</summary>
    public bool IsResolver { get; set; } = true;

    /// <summary>Takes questions and says nothing.</summary>
    public bool IsSilent { get; set; }

    /// <summary>The response code of every answer, RFC 1035 section 4.1.1; 0: as the records want it.</summary>
    public int Fails { get; set; }

    public int Questions => Volatile.Read(ref _questions);

    /// <summary>Completes with the first question.</summary>
    public Task Asked => _asked.Task.WaitAsync(TimeSpan.FromSeconds(20));

    public void Says(string name, params string[] records) => _records[name] = records;

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _answering;
    }

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                var question = await _socket.ReceiveAsync();
                Interlocked.Increment(ref _questions);
                _asked.TrySetResult();
                if (!IsSilent)
                    await _socket.SendAsync(Answer(question.Buffer), question.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // Disposed.
        }
    }

    private byte[] Answer(byte[] question)
    {
        var (name, end) = ReadName(question, 12);
        var kind = BinaryPrimitives.ReadUInt16BigEndian(question.AsSpan(end)) == 1 ? "A" : "AAAA";
        var (code, answers) = Find(name, kind);
        var message = new MemoryStream();
        message.Write(question.AsSpan(0, 2));
        Write16(message, 0x8180 | (Fails > 0 ? Fails : code)); // an answer, recursion desired and available
        Write16(message, 1);
        Write16(message, answers.Count);
        Write16(message, 0);
        Write16(message, 0);
        message.Write(question.AsSpan(12, end + 4 - 12));
        foreach (var (owner, record) in answers)
            WriteRecord(message, owner, record.Split(' '));
        return message.ToArray();
    }

    private (int Code, List<(string Owner, string Record)> Answers) Find(string name, string kind)
    {
        var answers = new List<(string, string)>();
        while (Of(name) is { } records)
        {
            var alias = records.FirstOrDefault(record => record.StartsWith("CNAME ", StringComparison.Ordinal));
            if (alias is null)
            {
                answers.AddRange(
                    records.Where(record => record.StartsWith(kind + " ", StringComparison.Ordinal)).Select(record => (name, record))
                );
                return (0, answers);
            }
            answers.Add((name, alias));
            // A circle is sent as far as it goes round once.
            if (!IsResolver || answers.Count > _records.Count)
                return (0, answers);
            name = alias["CNAME ".Length..];
        }
        return (NotExistentDomain, answers);
    }

    private string[]? Of(string name)
    {
        if (_records.TryGetValue(name, out var own))
            return own;
        for (var dot = name.IndexOf('.', StringComparison.Ordinal); dot > 0; dot = name.IndexOf('.', dot + 1))
        {
            if (_records.TryGetValue("*" + name[dot..], out var wildcard))
                return wildcard;
        }
        return null;
    }

    private static void WriteRecord(MemoryStream message, string owner, string[] record)
    {
        var data = record[0] == "CNAME" ? Name(record[1]) : IPAddress.Parse(record[1]).GetAddressBytes();
        message.Write(Name(owner));
        var kind = record[0] switch
        {
            "A" => 1,
            "CNAME" => 5,
            _ => 28,
        };
        Write16(message, kind);
        Write16(message, 1);
        Write16(message, 0);
        Write16(message, 60); // seconds, the low half
        Write16(message, data.Length);
        message.Write(data);
    }

    private static (string Name, int End) ReadName(byte[] message, int at)
    {
        var labels = new List<string>();
        for (; message[at] > 0; at += message[at] + 1)
            labels.Add(Encoding.ASCII.GetString(message, at + 1, message[at]).ToLowerInvariant());
        return (string.Join('.', labels), at + 1);
    }

    private static byte[] Name(string name) =>
        [.. name.Split('.').SelectMany(label => Encoding.ASCII.GetBytes(label).Prepend((byte)label.Length)), 0];

    private static void Write16(MemoryStream message, int value)
    {
        message.WriteByte((byte)(value >> 8));
        message.WriteByte((byte)value);
    }
}

using System.Net;
using System.Net.Sockets;

namespace Paradarum.Testing;

/// <summary>Ports that nobody listens on. Handed out once each in a process, outside the range from which the system picks for outgoing connections.</summary>
public static class FreePorts
{
    private const int First = 20_000;
    private const int Last = 31_000;
    private static int _next = First + (Environment.ProcessId * 37 % (Last - First));

    /// <summary>The first of <paramref name="count"/> ports in a row.</summary>
    public static int Row(int count)
    {
        while (true)
        {
            var first = Interlocked.Add(ref _next, count) - count;
            if (first + count > Last)
                Interlocked.CompareExchange(ref _next, First, first + count);
            else if (Enumerable.Range(first, count).All(IsFree))
                return first;
        }
    }

    private static bool IsFree(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

using System.Globalization;
using System.Net;

namespace Paradarum.SystemTests.Up;

/// <summary>The addresses on which a process listens, as the kernel tells.</summary>
internal static class ListeningSockets
{
    private const string Listening = "0A";

    public static List<IPAddress> Of(int processId)
    {
        var own = Directory
            .EnumerateFiles($"/proc/{processId}/fd")
            .Select(descriptor => File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.Name ?? "")
            .Where(target => target.StartsWith("socket:[", StringComparison.Ordinal))
            .Select(target => target[8..^1])
            .ToHashSet(StringComparer.Ordinal);
        return
        [
            .. new[] { "tcp", "tcp6" }
                .SelectMany(table => File.ReadLines($"/proc/{processId}/net/{table}").Skip(1))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(fields => fields[3] == Listening && own.Contains(fields[9]))
                .Select(fields => Address(fields[1].Split(':')[0])),
        ];
    }

    // The kernel prints addresses as 32-bit words in the machine's order.
    private static IPAddress Address(string hex)
    {
        var bytes = new byte[hex.Length / 2];
        for (var word = 0; word < bytes.Length; word += 4)
            BitConverter.TryWriteBytes(bytes.AsSpan(word), uint.Parse(hex.AsSpan(word * 2, 8), NumberStyles.HexNumber));
        var address = new IPAddress(bytes);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}

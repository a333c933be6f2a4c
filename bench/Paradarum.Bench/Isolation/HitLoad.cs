using System.Text;
using Paradarum.Bench.Load;

namespace Paradarum.Bench.Isolation;

/// <summary>Visitors of one property in a closed loop; answers that are no HIT are counted apart.</summary>
internal sealed class HitLoad
{
    private readonly HttpLoad _load;
    private readonly int _connections;

    public HitLoad(int port, string host, int pages, int connections)
    {
        byte[][] requests =
        [
            .. Enumerable.Range(0, pages).Select(n => Encoding.ASCII.GetBytes($"GET /page/{n} HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        ];
        _connections = connections;
        _load = new HttpLoad(
            [port],
            (connection, n) => requests[((connection * 97) + n) % pages],
            head => head.IndexOf("X-Cache: HIT"u8) >= 0
        );
    }

    public Task<LoadFigures> MeasureAsync(TimeSpan duration) => _load.MeasureAsync(_connections, duration);
}

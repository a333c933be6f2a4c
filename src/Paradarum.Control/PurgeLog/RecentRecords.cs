using Paradarum.Protocol.Log;

namespace Paradarum.Control.PurgeLog;

/// <summary>The newest records, gap-free, in a ring bounded in bytes (the newest one always stays). Its owner locks.</summary>
internal sealed class RecentRecords(long mostBytes)
{
    private LogRecord?[] _ring = new LogRecord?[64];
    private ulong _first;
    private int _count;
    private long _bytes;

    public bool Holds(ulong position) => _count > 0 && position >= _first && position < _first + (ulong)_count;

    public LogRecord At(ulong position) => _ring[Slot(position)]!;

    public void Add(LogRecord record)
    {
        if (_count > 0 && record.Position != _first + (ulong)_count)
            throw new InvalidOperationException($"Record {record.Position} does not follow {_first + (ulong)_count - 1}.");
        if (_count == 0)
            _first = record.Position;
        if (_count == _ring.Length)
            Grow();
        _ring[Slot(record.Position)] = record;
        _count++;
        _bytes += LogDatabase.SizeOf(record.Payload.Length);
        while (_bytes > mostBytes && _count > 1)
            DropFirst();
    }

    public void DropThrough(ulong position)
    {
        while (_count > 0 && _first <= position)
            DropFirst();
    }

    public List<LogRecord> Read(ulong from, int mostRecords, int mostBytes)
    {
        var records = new List<LogRecord>();
        var bytes = 0L;
        for (var at = from; Holds(at) && records.Count < mostRecords; at++)
        {
            var record = At(at);
            bytes += record.Payload.Length;
            if (records.Count > 0 && bytes > mostBytes)
                break;
            records.Add(record);
        }
        return records;
    }

    private int Slot(ulong position) => (int)(position % (ulong)_ring.Length);

    private void DropFirst()
    {
        var slot = Slot(_first);
        _bytes -= LogDatabase.SizeOf(_ring[slot]!.Payload.Length);
        _ring[slot] = null;
        _first++;
        _count--;
    }

    private void Grow()
    {
        var larger = new LogRecord?[_ring.Length * 2];
        for (var at = _first; at < _first + (ulong)_count; at++)
            larger[at % (ulong)larger.Length] = _ring[Slot(at)];
        _ring = larger;
    }
}

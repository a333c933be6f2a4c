using Paradarum.Edge.Storage.Disk;

namespace Paradarum.Edge.Tests.Storage.Disk;

/// <summary>The power went: nothing behind this point happened. No <see cref="IOException"/>, which the store would survive.</summary>
internal sealed class PowerCutException() : Exception("The power is cut.");

/// <summary>
/// A disk in memory that can be cut at every single change, and that then keeps of what was not flushed whatever the chance of the test says: all, nothing, the first bytes of it. Names
/// of files are kept by themselves, as a folder is.
/// </summary>
internal sealed class PowerCutDisk : IDiskFiles
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Node> _names = new(StringComparer.Ordinal);
    private Dictionary<string, Node> _durableNames = new(StringComparer.Ordinal);
    private int _changesLeft = int.MaxValue;

    /// <summary>Changes made so far.</summary>
    public int Changes { get; private set; }

    /// <summary>Bytes that may be written in all; more is "no space left on device".</summary>
    public long Room { get; set; } = long.MaxValue;

    /// <summary>Every read, or every write, is answered with an error.</summary>
    public bool ReadsFail { get; set; }

    public bool WritesFail { get; set; }

    /// <summary>Held while a read is to hang; null: none does.</summary>
    public ManualResetEventSlim? Hang { get; set; }

    /// <summary>No file can be deleted.</summary>
    public bool DeletesFail { get; set; }

    /// <summary>The folder cannot be listed.</summary>
    public bool ListFails { get; set; }

    /// <summary>Called with its name when a file is read whole.</summary>
    public Action<string>? Reading { get; set; }

    /// <summary>Called when a file is about to be written to.</summary>
    public Action? Writing { get; set; }

    /// <summary>The power goes at the n-th change from here, 0 the next one. What that change was about is torn.</summary>
    public void CutAfter(int changes) => _changesLeft = changes;

    /// <summary>What a machine finds that starts after the cut.</summary>
    public PowerCutDisk AfterPowerCut(Random chance)
    {
        var next = new PowerCutDisk();
        foreach (var name in _names.Keys.Union(_durableNames.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray())
        {
            var kept = chance.Next(2) == 0 ? _names.GetValueOrDefault(name) : _durableNames.GetValueOrDefault(name);
            if (kept is not null)
                next.Put(name, kept.AfterPowerCut(chance));
        }
        return next;
    }

    /// <summary>What a process finds that starts after the former one was killed: the system has every write that was made.</summary>
    public PowerCutDisk AfterKill()
    {
        var next = new PowerCutDisk();
        foreach (var (name, node) in _names)
            next.Put(name, [.. node.Content]);
        return next;
    }

    public byte[] this[string name]
    {
        get => _names[name].Content;
        set => Put(name, value);
    }

    public IReadOnlyList<string> List() => ListFails ? throw new IOException("Input/output error") : [.. _names.Keys];

    public byte[]? Read(string name)
    {
        Reading?.Invoke(name);
        if (ReadsFail)
            throw new IOException("Input/output error");
        return _names.GetValueOrDefault(name)?.Content;
    }

    public IDiskFile Open(string name, bool create)
    {
        lock (_gate)
        {
            if (create)
            {
                Change(0);
                _names.Add(name, new Node());
            }
            return new Handle(this, _names.TryGetValue(name, out var node) ? node : throw new FileNotFoundException(name));
        }
    }

    public void Replace(string name, ReadOnlySpan<byte> content)
    {
        lock (_gate)
        {
            Change(content.Length);
            var fresh = _names[name + ".new"] = new Node();
            Change(0);
            fresh.Write(content, 0);
            Change(0);
            fresh.Sync();
            Change(0);
            _names.Remove(name + ".new");
            _names[name] = fresh;
        }
        SyncFolder();
    }

    public void Delete(string name)
    {
        lock (_gate)
        {
            if (DeletesFail)
                throw new IOException("Input/output error");
            if (!_names.ContainsKey(name))
                return;
            Change(0);
            _names.Remove(name);
        }
    }

    public void SyncFolder()
    {
        lock (_gate)
        {
            Change(0);
            _durableNames = new(_names, StringComparer.Ordinal);
        }
    }

    private void Put(string name, byte[] content) => _names[name] = _durableNames[name] = new Node(content);

    private void Change(int bytes)
    {
        if (WritesFail)
            throw new IOException("Input/output error");
        if (bytes > Room)
            throw new IOException("No space left on device", 28);
        Room -= bytes;
        Changes++;
        if (_changesLeft-- <= 0)
            throw new PowerCutException();
    }

    private sealed class Node(byte[]? content = null)
    {
        private readonly List<(long Offset, byte[] Bytes)> _unflushed = [];
        private byte[] _durable = content ?? [];

        public byte[] Content { get; private set; } = content ?? [];

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            Content = With(Content, bytes, offset);
            _unflushed.Add((offset, bytes.ToArray()));
        }

        public void Truncate(long length)
        {
            Content = Content[..(int)length];
            _unflushed.Add((length, null!));
        }

        public void Sync()
        {
            _durable = Content;
            _unflushed.Clear();
        }

        public byte[] AfterPowerCut(Random chance)
        {
            var kept = _durable;
            foreach (var (offset, bytes) in _unflushed)
            {
                var luck = chance.Next(4);
                if (luck < 2)
                    kept = bytes is null ? kept[..(int)Math.Min(offset, kept.Length)] : With(kept, bytes, offset);
                else if (luck == 2 && bytes is { Length: > 0 })
                    kept = With(kept, bytes.AsSpan(0, chance.Next(bytes.Length)), offset);
            }
            return kept;
        }

        private static byte[] With(byte[] content, ReadOnlySpan<byte> bytes, long offset)
        {
            var result = new byte[Math.Max(content.Length, offset + bytes.Length)];
            content.CopyTo(result, 0);
            bytes.CopyTo(result.AsSpan((int)offset));
            return result;
        }
    }

    private sealed class Handle(PowerCutDisk disk, Node node) : IDiskFile
    {
        public long Length => node.Content.Length;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            disk.Writing?.Invoke();
            lock (disk._gate)
            {
                try
                {
                    disk.Change(bytes.Length);
                }
                catch (PowerCutException)
                {
                    node.Write(bytes[..(bytes.Length / 2)], offset);
                    throw;
                }
                node.Write(bytes, offset);
            }
        }

        public int Read(Span<byte> bytes, long offset)
        {
            disk.Hang?.Wait();
            if (disk.ReadsFail)
                throw new IOException("Input/output error");
            var content = node.Content;
            var read = (int)Math.Clamp(content.Length - offset, 0, bytes.Length);
            content.AsSpan((int)Math.Min(offset, content.Length), read).CopyTo(bytes);
            return read;
        }

        public void Sync()
        {
            lock (disk._gate)
            {
                disk.Change(0);
                node.Sync();
            }
        }

        public void Truncate(long length)
        {
            lock (disk._gate)
            {
                disk.Change(0);
                node.Truncate(length);
            }
        }

        public void Dispose() { }
    }
}

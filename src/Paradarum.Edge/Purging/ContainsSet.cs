namespace Paradarum.Edge.Purging;

/// <summary>
/// Many literals tested together for occurring anywhere in a text: an Aho-Corasick automaton, so one pass over the text whatever the literals are; crafted
/// ones cannot make it slow. About 24 bytes for each character of the literals.
/// </summary>
internal sealed class ContainsSet
{
    public static readonly ContainsSet Empty = new([]);

    private const int Root = 0;

    private readonly List<Node> _nodes = [new Node()];
    private readonly int[] _ofRoot = new int[128]; // the root has the most children and is visited the most

    public ContainsSet(IReadOnlyCollection<(string Literal, ulong Position)> rules)
    {
        foreach (var (literal, position) in rules)
            Insert(literal, position);
        Link();
    }

    public bool IsEmpty => _nodes.Count == 1;

    /// <summary>Newest position of a literal that occurs in the text; 0 when there is none.</summary>
    public ulong NewestMatch(ReadOnlySpan<char> text)
    {
        if (IsEmpty)
            return 0;
        var nodes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_nodes);
        var (at, newest) = (Root, 0UL);
        foreach (var character in text)
        {
            var next = Child(nodes, at, character);
            while (next == Root && at != Root)
            {
                at = nodes[at].Fallback;
                next = Child(nodes, at, character);
            }
            at = next;
            newest = Math.Max(newest, nodes[at].Newest);
        }
        return newest;
    }

    private void Insert(string literal, ulong position)
    {
        var at = Root;
        foreach (var character in literal)
        {
            var next = Child(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_nodes), at, character);
            if (next == Root)
            {
                next = _nodes.Count;
                var parent = _nodes[at];
                _nodes.Add(new Node { Character = character, Sibling = parent.FirstChild });
                parent.FirstChild = next;
                _nodes[at] = parent;
                if (at == Root && character < _ofRoot.Length)
                    _ofRoot[character] = next;
            }
            at = next;
        }
        var last = _nodes[at];
        last.Newest = Math.Max(last.Newest, position);
        _nodes[at] = last;
    }

    /// <summary>Breadth first: the fallback of a node is its longest proper suffix that is a node, and what ends there ends here.</summary>
    private void Link()
    {
        var nodes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_nodes);
        var waiting = new Queue<int>();
        waiting.Enqueue(Root);
        while (waiting.TryDequeue(out var at))
        {
            for (var child = nodes[at].FirstChild; child != Root; child = nodes[child].Sibling)
            {
                waiting.Enqueue(child);
                if (at == Root)
                    continue;
                var fallback = nodes[at].Fallback;
                var next = Child(nodes, fallback, nodes[child].Character);
                while (next == Root && fallback != Root)
                {
                    fallback = nodes[fallback].Fallback;
                    next = Child(nodes, fallback, nodes[child].Character);
                }
                nodes[child].Fallback = next;
                nodes[child].Newest = Math.Max(nodes[child].Newest, nodes[next].Newest);
            }
        }
    }

    private int Child(ReadOnlySpan<Node> nodes, int at, char character)
    {
        if (at == Root && character < _ofRoot.Length)
            return _ofRoot[character];
        var child = nodes[at].FirstChild;
        while (child != Root && nodes[child].Character != character)
            child = nodes[child].Sibling;
        return child;
    }

    private struct Node
    {
        public int FirstChild;
        public int Sibling;
        public int Fallback;
        public char Character;
        public ulong Newest;
    }
}

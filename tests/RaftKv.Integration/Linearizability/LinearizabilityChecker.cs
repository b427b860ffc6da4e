namespace RaftKv.Integration.Linearizability;

/// <summary>What the checker found.</summary>
public enum LinearizabilityVerdict
{
    /// <summary>There is an order of the operations that explains every answer.</summary>
    Linearizable,

    /// <summary>There is no such order.</summary>
    NotLinearizable,

    /// <summary>The search was given up: too many operations overlap.</summary>
    Inconclusive,
}

/// <summary>
/// Wing and Gong's search with Lowe's memory of the states already tried, for the history of a single key: is there one order of the
/// operations, consistent with real time, in which every answer is that of a single register? An operation of unknown outcome may take
/// effect at any time after its call, or never.
/// </summary>
public static class LinearizabilityChecker
{
    /// <summary>How many (set of operations, value) pairs may be tried before the search is given up.</summary>
    public const int DefaultBudget = 1_000_000;

    public static LinearizabilityVerdict Check(IEnumerable<RegisterOperation> history, int budget = DefaultBudget)
        => new Search(WithoutUnseen([.. history]), budget).Run();

    /// <summary>
    /// Leaves out writes of unknown outcome whose value no operation saw or replaced: they explain no answer. The search could leave them
    /// out too, and each of them would double its work.
    /// </summary>
    private static List<RegisterOperation> WithoutUnseen(List<RegisterOperation> history)
    {
        var seen = history.Where(o => o.Kind == RegisterOperationKind.Read).Select(o => o.Value)
            .Concat(history.Where(o => o.Kind == RegisterOperationKind.CompareAndSet).Select(o => o.Expected))
            .ToHashSet();
        return [.. history.Where(o => !o.IsUnknown || (o.Kind != RegisterOperationKind.Read && seen.Contains(o.Value)))];
    }

    /// <summary>One event of the history in a doubly linked list, from which an operation that has been placed is lifted.</summary>
    private sealed class Event(int operation, bool isCall)
    {
        public int Operation { get; } = operation;

        public bool IsCall { get; } = isCall;

        /// <summary>The return that belongs to a call; none if the outcome is unknown.</summary>
        public Event? Return { get; set; }

        public Event? Previous { get; set; }

        public Event? Next { get; set; }

        public void Lift()
        {
            Unlink();
            Return?.Unlink();
        }

        /// <summary>The reverse of <see cref="Lift"/>, in the reverse order.</summary>
        public void PutBack()
        {
            Return?.Link();
            Link();
        }

        private void Unlink()
        {
            Previous!.Next = Next;
            Next?.Previous = Previous;
        }

        private void Link()
        {
            Previous!.Next = this;
            Next?.Previous = this;
        }
    }

    private sealed class Search
    {
        private readonly List<RegisterOperation> operations;
        private readonly int budget;
        private readonly Event head = new(-1, isCall: false);
        private readonly ulong[] placed;
        private readonly HashSet<(ulong[] Placed, string? Value)> tried = new(new TriedComparer());
        private readonly Stack<(Event Call, string? Before)> path = new();
        private string? value;
        private int mustBePlaced;

        public Search(List<RegisterOperation> operations, int budget)
        {
            this.operations = operations;
            this.budget = budget;
            placed = new ulong[(operations.Count / 64) + 1];
            mustBePlaced = operations.Count(o => !o.IsUnknown);
            LinkEvents();
        }

        public LinearizabilityVerdict Run()
        {
            var current = head.Next;
            while (mustBePlaced > 0)
            {
                if (tried.Count > budget)
                    return LinearizabilityVerdict.Inconclusive;
                if (current is { IsCall: true })
                {
                    current = TryPlace(current) ? head.Next : current.Next;
                    continue;
                }

                // An answer is due, and its operation fits nowhere before it: take the last choice back.
                if (path.Count == 0)
                    return LinearizabilityVerdict.NotLinearizable;
                current = TakeBack().Next;
            }

            return LinearizabilityVerdict.Linearizable;
        }

        private void LinkEvents()
        {
            var events = new List<(long Time, Event Event)>();
            for (var i = 0; i < operations.Count; i++)
            {
                var call = new Event(i, isCall: true);
                events.Add((operations[i].Call, call));
                if (operations[i].IsUnknown)
                    continue;
                call.Return = new Event(i, isCall: false);
                events.Add((operations[i].Return, call.Return));
            }

            // At the same instant calls come first: the operations overlap.
            var last = head;
            foreach (var (_, next) in events.OrderBy(e => e.Time).ThenBy(e => e.Event.IsCall ? 0 : 1))
            {
                last.Next = next;
                next.Previous = last;
                last = next;
            }
        }

        private bool TryPlace(Event call)
        {
            var operation = operations[call.Operation];
            var allowed = operation.Kind switch
            {
                RegisterOperationKind.Read => value == operation.Value,
                RegisterOperationKind.CompareAndSet => value == operation.Expected,
                _ => true,
            };
            if (!allowed)
                return false;
            Flip(call.Operation);
            if (!tried.Add(((ulong[])placed.Clone(), operation.Value)))
            {
                Flip(call.Operation);
                return false;
            }

            path.Push((call, value));
            value = operation.Value;
            call.Lift();
            mustBePlaced -= operation.IsUnknown ? 0 : 1;
            return true;
        }

        private Event TakeBack()
        {
            var (call, before) = path.Pop();
            Flip(call.Operation);
            value = before;
            call.PutBack();
            mustBePlaced += operations[call.Operation].IsUnknown ? 0 : 1;
            return call;
        }

        private void Flip(int operation) => placed[operation / 64] ^= 1UL << (operation % 64);
    }

    private sealed class TriedComparer : IEqualityComparer<(ulong[] Placed, string? Value)>
    {
        public bool Equals((ulong[] Placed, string? Value) x, (ulong[] Placed, string? Value) y)
            => x.Value == y.Value && x.Placed.AsSpan().SequenceEqual(y.Placed);

        public int GetHashCode((ulong[] Placed, string? Value) key)
        {
            var hash = new HashCode();
            hash.Add(key.Value);
            foreach (var word in key.Placed)
                hash.Add(word);
            return hash.ToHashCode();
        }
    }
}

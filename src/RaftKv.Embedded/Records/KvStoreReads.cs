namespace RaftKv.Embedded.Records;

/// <summary>
/// Reads of a store with a reader of the caller. An extension, because calls of a generic interface method need a run-time lookup.
/// </summary>
internal static class KvStoreReads
{
    /// <summary>Any thread. Exceptions of <paramref name="read"/> reach the caller.</summary>
    public static bool TryRead<TState, TResult>(this IKvStore store, ReadOnlySpan<byte> key, TState state,
        RecordReader<TState, TResult> read, out TResult? result)
    {
        var visitor = new GuardedVisitor<Reading<TState, TResult>>(new Reading<TState, TResult>(state, read));
        var found = store.Visit(key, GuardedVisitor<Reading<TState, TResult>>.Visit(ref visitor));
        result = visitor.Result().Result;
        return found;
    }

    private struct Reading<TState, TResult>(TState state, RecordReader<TState, TResult> read) : IRecordVisitor
    {
        public TResult? Result;

        public void Visit(in RecordHeader header, ReadOnlySpan<byte> value) => Result = read(header, value, state);
    }
}

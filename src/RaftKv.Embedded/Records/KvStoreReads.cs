namespace RaftKv.Embedded.Records;

/// <summary>Reads with whatever code the caller has. A generic method of an interface would be looked up anew by each call.</summary>
internal static class KvStoreReads
{
    /// <summary>Any thread. What <paramref name="read"/> throws reaches the caller.</summary>
    public static bool TryRead<TState, TResult>(this IKvStore store, ReadOnlySpan<byte> key, TState state,
        RecordReader<TState, TResult> read, out TResult? result)
    {
        var look = new GuardedVisitor<Reading<TState, TResult>>(new Reading<TState, TResult>(state, read));
        var found = store.Visit(key, GuardedVisitor<Reading<TState, TResult>>.Visit(ref look));
        result = look.Result().Result;
        return found;
    }

    private struct Reading<TState, TResult>(TState state, RecordReader<TState, TResult> read) : IRecordVisitor
    {
        public TResult? Result;

        public void Look(in RecordHeader header, ReadOnlySpan<byte> value) => Result = read(header, value, state);
    }
}

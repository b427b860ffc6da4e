using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace RaftKv.Embedded.StateMachine;

/// <summary>Reads with whatever code the caller has. A generic method of an interface would be looked up anew by each call.</summary>
internal static unsafe class KvStoreReads
{
    /// <summary>Any thread. What <paramref name="read"/> throws reaches the caller.</summary>
    public static bool TryRead<TState, TResult>(this IKvStore store, ReadOnlySpan<byte> key, TState state, RecordReader<TState, TResult> read, out TResult? result)
    {
        var frame = new Frame<TState, TResult>(state, read);
        var found = store.Visit(key, new RecordVisit(Unsafe.AsPointer(ref frame), &Frame<TState, TResult>.Look));
        if (frame.Error is not null)
            ExceptionDispatchInfo.Throw(frame.Error);
        result = frame.Result;
        return found;
    }

    private struct Frame<TState, TResult>(TState state, RecordReader<TState, TResult> read)
    {
        public TResult? Result;
        public Exception? Error;

        public static void Look(void* frame, in RecordHeader header, ReadOnlySpan<byte> value)
        {
            ref var to = ref Unsafe.AsRef<Frame<TState, TResult>>(frame);
            try
            {
                to.Result = to.Read(header, value);
            }
            catch (Exception e)
            {
                to.Error = e;
            }
        }

        private readonly TResult Read(in RecordHeader header, ReadOnlySpan<byte> value) => read(header, value, state);
    }
}

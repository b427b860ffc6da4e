using System.Runtime.CompilerServices;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>Hands a record to an application's reader, and keeps what that makes of it and what a use of the record has to be noted with.</summary>
internal struct InPlaceLook<TState, TResult>(TState state, KvReader<TState, TResult> read)
{
    public TResult? Result;
    public Exception? Error;
    public long Version;
    public long ExpiresAtMs;
    public long SlidingMs;

    /// <summary>The application's code must not throw through the store.</summary>
    public static unsafe void Look(void* frame, in RecordHeader header, ReadOnlySpan<byte> value)
    {
        ref var look = ref Unsafe.AsRef<InPlaceLook<TState, TResult>>(frame);
        (look.Version, look.ExpiresAtMs, look.SlidingMs) = (header.Version, header.ExpiresAtMs, header.SlidingMs);
        try
        {
            look.Result = look.Read(header.Version, value);
        }
        catch (Exception e)
        {
            look.Error = e;
        }
    }

    private readonly TResult Read(long version, ReadOnlySpan<byte> value) => read(value, new KvVersion(version), state);
}

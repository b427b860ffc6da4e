using System.Diagnostics;
using System.Numerics;
using System.Threading.Tasks.Sources;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>
/// One write from a caller of this node, until its outcome is known. Completed exactly once, by whichever comes first: the applier, its
/// deadline, its caller's cancellation, or the end of the node.
/// </summary>
/// <remarks>
/// An operation of a <see cref="WriteOperationPool"/> is used again once both holders have released it: its caller, who took the state
/// machine's answer, and the replica, at the end of a turn after which it holds no reference to it. A write that ended otherwise is never
/// used again, because another thread may still be about to complete it.
/// </remarks>
internal class WriteOperation : ReplicaInput, IValueTaskSource<KvWriteResult>
{
    /// <summary>A buffer this small is kept for the next use: the log has a copy of what is in it, never the buffer itself.</summary>
    private const int KeptBytes = CommandBlocks.MaxCommandBytes;

    // Continuations never run on the applier's thread, nor on one that has the turn.
    private ManualResetValueTaskSourceCore<KvWriteResult> _source = new() { RunContinuationsAsynchronously = true };
    private readonly Action<int> _release;
    private readonly WriteOperationPool? _pool;
    private CancellationTokenRegistration _cancellation;
    private byte[] _buffer;
    private byte[]? _command;
    private int _bytes;
    private WriteDelivery _delivery = new();
    private int _completed;
    private int _taken;
    private int _holders;

    /// <param name="command">The encoded command; session and sequence are filled in where it goes to.</param>
    /// <param name="deadline">Monotonic ticks at which the caller gives up.</param>
    /// <param name="release">Called with the number of bytes that the operation no longer holds.</param>
    public WriteOperation(byte[] command, long deadline, Action<int> release)
    {
        _buffer = _command = command;
        _bytes = command.Length;
        _release = release;
        Deadline = deadline;
    }

    public WriteOperation(WriteOperationPool pool, Action<int> release)
    {
        _buffer = [];
        _pool = pool;
        _release = release;
    }

    /// <summary>
    /// Empty once it is completed: an operation that waits behind others must not hold memory that is not counted any more.
    /// </summary>
    public Memory<byte> Command => Volatile.Read(ref _command) is { } command ? command.AsMemory(0, _bytes) : default;

    public long Deadline { get; private set; }

    /// <summary>Its place in the session; 0 until it is sent.</summary>
    public long Sequence { get; set; }

    /// <inheritdoc cref="WriteDelivery.Attempts"/>
    public int Attempts { get => _delivery.Attempts; set => _delivery.Attempts = value; }

    /// <inheritdoc cref="WriteDelivery.SentAt"/>
    public long SentAt { get => _delivery.SentAt; set => _delivery.SentAt = value; }

    /// <inheritdoc cref="WriteDelivery.Route"/>
    public long Route { get => _delivery.Route; set => _delivery.Route = value; }

    /// <inheritdoc cref="WriteDelivery.RetryAt"/>
    public long RetryAt { get => _delivery.RetryAt; set => _delivery.RetryAt = value; }

    /// <inheritdoc cref="WriteDelivery.Refusals"/>
    public int Refusals { get => _delivery.Refusals; set => _delivery.Refusals = value; }

    /// <inheritdoc cref="WriteDelivery.IsShared"/>
    public bool IsShared { get => _delivery.IsShared; set => _delivery.IsShared = value; }

    /// <summary>When this node learned that it is committed, in monotonic ticks; 0 before it is applied.</summary>
    public long CommittedAt { get; set; }

    /// <summary>The caller's span, while a listener records it.</summary>
    public Activity? Trace { get; set; }

    /// <summary>The operation is from a pool: it must not be used any more once its outcome was taken.</summary>
    public bool IsReused => _pool is not null;

    public bool IsCompleted => Volatile.Read(ref _completed) != 0;

    /// <summary>A new write, of <paramref name="bytes"/> bytes that the caller fills in before it starts.</summary>
    public void Renew(int bytes, long deadline)
    {
        _source.Reset();
        _cancellation = default;
        if (_buffer.Length < bytes)
            _buffer = GC.AllocateUninitializedArray<byte>(bytes <= KeptBytes ? (int)BitOperations.RoundUpToPowerOf2((uint)bytes) : bytes);
        _command = _buffer;
        _bytes = bytes;
        Deadline = deadline;
        (Sequence, CommittedAt, _delivery) = (0, 0, new WriteDelivery());
        (_taken, _holders) = (0, 2);
        // Last: a thread that finds it under its old sequence sees it completed, or without that sequence.
        Volatile.Write(ref _completed, 0);
    }

    public ValueTask<KvWriteResult> Start(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _cancellation = cancellationToken.UnsafeRegister(
                static (state, token) => ((WriteOperation)state!).TryFail(new OperationCanceledException(token)), this);
        }
        return new ValueTask<KvWriteResult>(this, _source.Version);
    }

    /// <summary>Completes the write with the result of the state machine.</summary>
    public virtual void Answer(in ApplyResult result)
    {
        if (result.Status is ApplyStatus.Applied or ApplyStatus.ConditionFailed or ApplyStatus.NotFound)
            TryComplete(new KvWriteResult(result.Status == ApplyStatus.Applied, new KvVersion(result.Version)));
        else
            TryFail(Errors.Refused(result));
    }

    public bool TryComplete(KvWriteResult result)
    {
        if (!TryClaim())
            return false;
        _source.SetResult(result);
        return true;
    }

    public bool TryFail(Exception error)
    {
        if (!TryClaim())
            return false;
        _source.SetException(error);
        return true;
    }

    public KvWriteResult GetResult(short token)
    {
        // Returns once no cancellation callback uses this operation any more.
        _cancellation.Dispose();
        var result = _source.GetResult(token);
        if (Interlocked.Exchange(ref _taken, 1) != 0)
            throw new InvalidOperationException(
                "The outcome of a write can be awaited once. AsTask() gives a task that can be awaited again.");
        Release();
        return result;
    }

    /// <summary>Returns an operation that was never started to its pool.</summary>
    public void Return() => _pool?.Return(this);

    /// <summary>Drops one of the two references (caller, replica).</summary>
    public void Release()
    {
        if (_pool is not null && Interlocked.Decrement(ref _holders) == 0)
            _pool.Return(this);
    }

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        CallerContext.Detach(ref continuation, ref state, ref flags);
        _source.OnCompleted(continuation, state, token, flags);
    }

    private bool TryClaim()
    {
        if (Interlocked.Exchange(ref _completed, 1) != 0)
            return false;
        _release(_bytes);
        Volatile.Write(ref _command, null);
        if (_buffer.Length > KeptBytes)
            _buffer = [];
        return true;
    }
}

using System.Diagnostics;
using System.Threading.Tasks.Sources;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Replica;

/// <summary>
/// One write from a caller of this node, until its outcome is known. Completed exactly once, by whichever comes first: the applier, its
/// deadline, its caller's cancellation, or the end of the node.
/// </summary>
internal class WriteOperation : ReplicaInput, IValueTaskSource<KvWriteResult>
{
    // Continuations never run on the applier's or the replica's thread.
    private ManualResetValueTaskSourceCore<KvWriteResult> _source = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _cancellation;
    private readonly int _bytes;
    private Action<int>? _release;
    private int _completed;

    /// <param name="command">The encoded command; session and sequence are patched in when it is sent.</param>
    /// <param name="deadline">Monotonic ticks at which the caller gives up.</param>
    /// <param name="release">Gives back the bytes the operation holds.</param>
    public WriteOperation(byte[] command, long deadline, Action<int> release)
    {
        Command = command;
        _bytes = command.Length;
        Deadline = deadline;
        _release = release;
    }

    /// <summary><c>null</c> once it is completed: what waits in line behind others must not hold memory that nobody counts any more.</summary>
    public byte[]? Command { get; set; }

    public long Deadline { get; }

    /// <summary>Its place in the session; 0 until the replica thread gives it one.</summary>
    public long Sequence { get; set; }

    /// <summary>How often it was given to a leader; while 0, it is certain that it was not applied.</summary>
    public int Attempts { get; set; }

    /// <summary>When it was last given to a leader, in monotonic ticks.</summary>
    public long SentAt { get; set; }

    /// <summary>The caller's span, while somebody records it.</summary>
    public Activity? Trace { get; set; }

    public bool IsCompleted => Volatile.Read(ref _completed) != 0;

    public ValueTask<KvWriteResult> Start(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _cancellation = cancellationToken.UnsafeRegister(
                static (state, token) => ((WriteOperation)state!).TryFail(new OperationCanceledException(token)), this);
        }
        return new ValueTask<KvWriteResult>(this, _source.Version);
    }

    /// <summary>What the state machine says to it.</summary>
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
        _cancellation.Dispose();
        return _source.GetResult(token);
    }

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private bool TryClaim()
    {
        if (Interlocked.Exchange(ref _completed, 1) != 0)
            return false;
        Interlocked.Exchange(ref _release, null)?.Invoke(_bytes);
        Command = null;
        return true;
    }
}

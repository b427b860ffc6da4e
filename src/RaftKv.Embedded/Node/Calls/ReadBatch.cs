using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;

namespace RaftKv.Embedded.Node;

/// <summary>
/// All linearizable reads that arrived while the replica was busy: one read index serves them all. Its completion queues one work item for
/// all readers that wait, not one each; but the first thread that runs it queues a second one to help, so that a reader that blocks its
/// thread does not delay the others.
/// </summary>
internal sealed class ReadBatch(long deadline) : ReplicaInput, IValueTaskSource, IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    private readonly List<(Action<object?> Continue, object? State)> _waiting = [];
    private ManualResetEventSlim? _blocked;
    private volatile bool _isCompleted;
    private ExceptionDispatchInfo? _failure;
    private int _next;

    /// <summary>Completes when this node's own copy is fresh enough to be read. May be awaited by many, without their context.</summary>
    public ValueTask Ready => new(this, 0);

    public bool IsCompleted => _isCompleted;

    /// <summary>Why it failed, once it is completed.</summary>
    public Exception? Error => _failure?.SourceException;

    public long Deadline => deadline;

    /// <summary>Whether it also ends when the node serves reads without a leader.</summary>
    public bool MayBeStale { get; init; }

    /// <summary>Whether it ended that way: the copy may lack what was acknowledged elsewhere.</summary>
    public bool IsStale { get; private set; }

    /// <summary>How many reads share it.</summary>
    public int Readers { get; set; }

    /// <summary>What it waits for until it is completed. Holder of the turn.</summary>
    public ReadBatchState State { get; set; }

    /// <summary>The id of its request to the core; changes with each attempt.</summary>
    public long Id { get; set; }

    /// <summary>
    /// When its read index was asked for, in monotonic ticks: what was committed before is at or below the index. Changes with each
    /// attempt.
    /// </summary>
    public long AskedAt { get; set; }

    /// <summary>Set once the quorum has answered; then only the applier is waited for.</summary>
    public long Index { get; set; } = -1;

    /// <summary>What the applier calls when it has reached <see cref="Index"/>; <c>null</c> before the batch waits for it.</summary>
    public Action? Applied { get; set; }

    public void Complete() => End(null);

    public void CompleteStale()
    {
        IsStale = true;
        End(null);
    }

    public void Fail(Exception error) => End(error);

    /// <summary>Blocks until it is completed. The thread that completes it wakes the caller, without the pool.</summary>
    public void Wait()
    {
        ManualResetEventSlim blocked;
        lock (_gate)
            blocked = _blocked ??= new ManualResetEventSlim(_isCompleted);
        blocked.Wait();
        GetResult(0);
    }

    public ValueTaskSourceStatus GetStatus(short token) =>
        !_isCompleted ? ValueTaskSourceStatus.Pending : _failure is null ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Faulted;

    public void GetResult(short token) => _failure?.Throw();

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        lock (_gate)
        {
            if (!_isCompleted)
            {
                _waiting.Add((continuation, state));
                return;
            }
        }
        ThreadPool.UnsafeQueueUserWorkItem(continuation, state, preferLocal: false);
    }

    /// <summary>On a thread of the pool.</summary>
    public void Execute()
    {
        // The batch is completed, so no reader is added any more.
        var hasHelp = false;
        while (Interlocked.Increment(ref _next) - 1 is var i && i < _waiting.Count)
        {
            if (!hasHelp && i + 1 < _waiting.Count)
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            hasHelp = true;
            _waiting[i].Continue(_waiting[i].State);
        }
    }

    private void End(Exception? error)
    {
        lock (_gate)
        {
            if (_isCompleted)
                return;
            _failure = error is null ? null : ExceptionDispatchInfo.Capture(error);
            _isCompleted = true;
            _blocked?.Set();
        }
        if (_waiting.Count > 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}

using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>What the applier has to do, in order.</summary>
internal abstract class ApplierTask
{
    /// <summary>How much work it is, in entries.</summary>
    public virtual long Weight => 1_000_000;
}

/// <summary>Apply committed entries; without <c>Entries</c> they are read from the log. <c>CommittedAt</c> is when this node learned it, in monotonic ticks.</summary>
internal sealed class ApplyRange(long from, long to, List<LogEntry>? entries, long committedAt) : ApplierTask
{
    public long CommittedAt => committedAt;
    public long From => from;
    public long To => to;
    public override long Weight => to - from + 1;
    public List<LogEntry>? Entries => entries;
}

/// <summary>Pin the state as it is now and hand it over; <c>Refused</c> is told when there is no room on the disk to do so.</summary>
internal sealed class CaptureState(Action<KvSnapshot> captured, Action<Exception> refused) : ApplierTask
{
    public Action<KvSnapshot> Captured => captured;
    public Action<Exception> Refused => refused;
}

/// <summary>Go on with another state machine that may be behind: what is missing is applied from the log first, and nobody is told of it again.</summary>
internal sealed class ReplaceState(KvStateMachine restored, Action replaced) : ApplierTask
{
    public KvStateMachine Restored => restored;
    public Action Replaced => replaced;
}

/// <summary>Go on with another state machine, restored from a snapshot.</summary>
internal sealed class SwapState(KvStateMachine restored, Action swapped) : ApplierTask
{
    public KvStateMachine Restored => restored;
    public Action Swapped => swapped;
}

/// <summary>Do something while the state is that of one entry. When the applier ends, whatever it had to do is refused, also what it may have done already.</summary>
internal sealed class BetweenEntries(Action<KvStateMachine> run, Action refused) : ApplierTask
{
    public Action<KvStateMachine> Run => run;
    public Action Refused => refused;
}

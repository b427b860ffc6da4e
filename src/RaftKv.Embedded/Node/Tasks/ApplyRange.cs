using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Apply committed entries; without <c>Entries</c> they are read from the log. <c>CommittedAt</c> is when this node learned that they are
/// committed, in monotonic ticks.
/// </summary>
internal sealed class ApplyRange(long from, long to, List<LogEntry>? entries, long committedAt) : ApplierTask
{
    public long CommittedAt => committedAt;
    public long From => from;
    public long To => to;
    public override long Weight => to - from + 1;
    public List<LogEntry>? Entries => entries;
}

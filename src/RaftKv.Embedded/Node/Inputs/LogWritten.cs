using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The log writer made everything up to a ticket durable; <c>Last</c> is the last entry among it, default if there was none.
/// </summary>
internal sealed class LogWritten(long ticket, EntryId last) : ReplicaInput
{
    public long Ticket => ticket;
    public EntryId Last => last;
}

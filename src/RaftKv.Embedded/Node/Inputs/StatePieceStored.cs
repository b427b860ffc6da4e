using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>A piece of the snapshot that replaces a quarantined node's state is stored; <c>Next</c> is the next byte wanted.</summary>
internal sealed class StatePieceStored(EntryId last, long next, long total) : ReplicaInput
{
    public EntryId Last => last;
    public long Next => next;
    public long Total => total;
}

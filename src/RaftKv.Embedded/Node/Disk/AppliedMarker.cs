using RaftKv.Embedded.Log;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Marks each entry before readers can see it, so that the copy does not go back when the node is killed and restarted without a quorum. A
/// node that never served its copy marks nothing, and serves nothing after such a restart. Apply thread.
/// </summary>
internal sealed class AppliedMarker(AppliedMark mark, LocalIdentity identity, Func<bool> hasCaughtUp)
{
    private bool _marks = ServedBefore(mark, identity).Index > 0;

    /// <summary>The last entry that the node is known to have served before it restarted; default if none is.</summary>
    public static EntryId ServedBefore(AppliedMark mark, LocalIdentity identity) =>
        mark.ClusterId == identity.ClusterId ? mark.Found : default;

    public void Write(EntryId last)
    {
        _marks |= hasCaughtUp();
        if (_marks)
            mark.Write(identity.ClusterId, last);
    }
}

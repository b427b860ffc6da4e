using System.Text;

namespace RaftKv.Embedded.Log;

/// <summary>Anything one node says to another once they have shaken hands.</summary>
internal abstract record PeerMessage
{
    /// <summary>
    /// Whether it carries data, or must keep its place behind data sent before. Bulk messages of a sender keep their order; all others are
    /// urgent, keep their order among each other, and may pass bulk ones. The receiver must not depend on the order of an urgent and a bulk
    /// message.
    /// </summary>
    public virtual bool IsBulk => false;

    /// <summary>Texts name what is on the wire.</summary>
    protected virtual bool PrintMembers(StringBuilder builder) => false;
}

using System.Text;

namespace RaftKv.Embedded.Log;

/// <summary>A message from one node to another after the handshake.</summary>
internal abstract record PeerMessage
{
    /// <summary>
    /// Whether the message carries data, or must keep its place after data sent before. Bulk messages of a sender keep their order; all
    /// others are urgent, keep their order among each other, and may pass bulk ones. The receiver must not depend on the order of an urgent
    /// and a bulk message.
    /// </summary>
    public virtual bool IsBulk => false;

    /// <summary>The text of a message shows what is on the wire, so no member of this type is printed.</summary>
    protected virtual bool PrintMembers(StringBuilder builder) => false;
}

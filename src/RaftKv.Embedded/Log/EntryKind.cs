namespace RaftKv.Embedded.Log;

/// <summary>What an entry carries. The numbers are part of the formats of log and wire.</summary>
internal enum EntryKind : byte
{
    /// <summary>
    /// No command: the entry with which a leader begins its term (dissertation §6.4). Its payload is empty or a <see cref="TermStart"/>.
    /// </summary>
    NoOp = 1,

    /// <summary>A command for the state machine, opaque to the core.</summary>
    Command = 2,

    /// <summary>A <see cref="ClusterConfiguration"/>, in force from the moment it is appended (dissertation §4.1).</summary>
    Configuration = 3,
}

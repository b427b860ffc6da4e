namespace RaftKv.Embedded;

/// <summary>The kinds of <see cref="KvEvent"/>.</summary>
public enum KvEventKind
{
    /// <summary>The key was written. Before <see cref="InitialStateEnd"/>: the key had this value when the watch began.</summary>
    Put = 0,

    /// <summary>A write deleted the key.</summary>
    Deleted = 1,

    /// <summary>The key's time to live was over.</summary>
    Expired = 2,

    /// <summary>The key was deleted because its lease ended.</summary>
    LeaseRevoked = 3,

    /// <summary>The initial state is complete, as of <see cref="KvEvent.Version"/>; the changes after that version follow.</summary>
    InitialStateEnd = 4,

    /// <summary>No key changed; all changes up to <see cref="KvEvent.Version"/> have been yielded.</summary>
    Progress = 5,

    /// <summary>
    /// Only with <see cref="KvWatchOptions.Resynchronize"/>: changes were missed. Keys that were yielded before may have been deleted. The
    /// current values follow as <see cref="Put"/>, and then <see cref="InitialStateEnd"/>: a key that is not among them does not exist.
    /// </summary>
    Resynchronized = 6,
}

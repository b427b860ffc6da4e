namespace RaftKv.Embedded;

/// <summary>What a <see cref="KvEvent"/> says.</summary>
public enum KvEventKind
{
    /// <summary>The key was written; or, before <see cref="InitialStateEnd"/>, it had this value when the watch began.</summary>
    Put = 0,

    /// <summary>A write deleted the key.</summary>
    Deleted = 1,

    /// <summary>The key's time to live was over.</summary>
    Expired = 2,

    /// <summary>The lease that the key was bound to ended, and the key with it.</summary>
    LeaseRevoked = 3,

    /// <summary>The initial state is complete, as of <see cref="KvEvent.Version"/>: what follows are the changes behind it.</summary>
    InitialStateEnd = 4,

    /// <summary>Nothing happened to a key; everything up to <see cref="KvEvent.Version"/> has been seen.</summary>
    Progress = 5,

    /// <summary>
    /// Only with <see cref="KvWatchOptions.Resynchronize"/>: changes were missed. Keys that were yielded before may have been deleted. The
    /// current values follow as <see cref="Put"/>, and then <see cref="InitialStateEnd"/>: a key that is not among them does not exist.
    /// </summary>
    Resynchronized = 6,
}

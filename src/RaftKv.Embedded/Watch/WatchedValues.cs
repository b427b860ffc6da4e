namespace RaftKv.Embedded.Watch;

/// <summary>Which values of a change a watcher needs; each includes the ones before it.</summary>
internal enum WatchedValues
{
    /// <summary>None: keys only.</summary>
    None = 0,

    /// <summary>The value that was written.</summary>
    Written = 1,

    /// <summary>The value that was written, and the previous one.</summary>
    Previous = 2,
}

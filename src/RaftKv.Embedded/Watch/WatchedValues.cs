namespace RaftKv.Embedded.Watch;

/// <summary>Which values a watcher gets with a change; each includes those before it.</summary>
internal enum WatchedValues
{
    /// <summary>None: keys only.</summary>
    None = 0,

    /// <summary>What was written.</summary>
    Written = 1,

    /// <summary>What was written, and what the key held before.</summary>
    Previous = 2,
}

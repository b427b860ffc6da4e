namespace RaftKv.Embedded;

/// <summary>The options of a watch. <c>default</c> is every change from now on.</summary>
public readonly record struct KvWatchOptions
{
    /// <summary>
    /// The first version to yield: one more than the last version that was seen. <see cref="KvVersion.None"/>, the default, is the next
    /// change on this node. The watch waits for a version that does not exist yet; when this node does not hold the version any more, the
    /// watch ends with <see cref="RaftKvCompactedException"/>, unless <see cref="Resynchronize"/> is set. Cannot be combined with
    /// <see cref="InitialState"/>.
    /// </summary>
    public KvVersion FromVersion { get; init; }

    /// <summary>
    /// Begins with the current values, then <see cref="KvEventKind.InitialStateEnd"/>, then every change after that version. The default
    /// value is <c>false</c>.
    /// </summary>
    public bool InitialState { get; init; }

    /// <summary>
    /// Continues by itself when this node does not hold the next change any more, instead of ending with
    /// <see cref="RaftKvCompactedException"/>: the watch yields <see cref="KvEventKind.Resynchronized"/>, the current values,
    /// <see cref="KvEventKind.InitialStateEnd"/>, and every change after that. The default value is <c>false</c>.
    /// </summary>
    public bool Resynchronize { get; init; }

    /// <summary>
    /// How fresh the <see cref="InitialState"/> must be; linearizable by default. Changes come from this node's own copy.
    /// </summary>
    public KvConsistency Consistency { get; init; }

    /// <summary>Leaves out the values. Cannot be combined with <see cref="PreviousValues"/>. The default value is <c>false</c>.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>
    /// Each change has the previous entry of the key: <see cref="KvEvent.Previous"/>. Only on nodes with
    /// <see cref="RaftKvOptions.WatchPreviousValues"/>; on others the watch is refused with <see cref="NotSupportedException"/>. Previous
    /// values count towards <see cref="BufferBytes"/>. The default value is <c>false</c>.
    /// </summary>
    public bool PreviousValues { get; init; }

    /// <summary>How often a <see cref="KvEventKind.Progress"/> is yielded, at least 10 ms; zero (the default) is never.</summary>
    public TimeSpan ProgressInterval { get; init; }

    /// <summary>
    /// How many bytes of changes may wait for this watcher in memory. A watcher further behind reads the node's history
    /// (<see cref="RaftKvOptions.WatchHistoryBytes"/>) at its own pace; when its next change is not in the history any more, the watch
    /// ends. 0 is the default, 32 KiB; at most 64 MiB.
    /// </summary>
    public int BufferBytes { get; init; }
}

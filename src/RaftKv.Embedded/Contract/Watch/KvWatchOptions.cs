namespace RaftKv.Embedded;

/// <summary>What a watch asks for. <c>default</c> is every change from now on.</summary>
public readonly record struct KvWatchOptions
{
    /// <summary>
    /// The first version wanted, included: one more than the last one seen. <see cref="KvVersion.None"/> is what comes next on this node. A
    /// version that does not exist yet is waited for; one that is not held any more ends the watch with
    /// <see cref="RaftKvCompactedException"/>, unless <see cref="Resynchronize"/>. Not together with <see cref="InitialState"/>.
    /// </summary>
    public KvVersion FromVersion { get; init; }

    /// <summary>
    /// Begin with the current values, then <see cref="KvEventKind.InitialStateEnd"/>, then every change behind that version.
    /// </summary>
    public bool InitialState { get; init; }

    /// <summary>
    /// Go on by itself when this node does not hold the next change any more, instead of ending with
    /// <see cref="RaftKvCompactedException"/>: the watch yields <see cref="KvEventKind.Resynchronized"/>, the current values,
    /// <see cref="KvEventKind.InitialStateEnd"/>, and every change after that. The default value is <c>false</c>.
    /// </summary>
    public bool Resynchronize { get; init; }

    /// <summary>
    /// How fresh the <see cref="InitialState"/> must be; linearizable by default. Changes come from this node's own copy.
    /// </summary>
    public KvConsistency Consistency { get; init; }

    /// <summary>Leave out the values. Not together with <see cref="PreviousValues"/>.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>
    /// Each change has what the key held before it: <see cref="KvEvent.Previous"/>. Only on nodes with
    /// <see cref="RaftKvOptions.WatchPreviousValues"/>; on others the watch is refused with <see cref="NotSupportedException"/>. Previous
    /// values count for <see cref="BufferBytes"/>. The default value is <c>false</c>.
    /// </summary>
    public bool PreviousValues { get; init; }

    /// <summary>How often a <see cref="KvEventKind.Progress"/> is yielded, at least 10 ms; zero (the default) is never.</summary>
    public TimeSpan ProgressInterval { get; init; }

    /// <summary>
    /// How many bytes of changes may wait for this watcher in memory. A watcher further behind reads the node's history
    /// (<see cref="RaftKvOptions.WatchHistoryBytes"/>) at its own pace, and one that falls out of that ends. 0 is the default, 32 KiB; at
    /// most 64 MiB.
    /// </summary>
    public int BufferBytes { get; init; }
}

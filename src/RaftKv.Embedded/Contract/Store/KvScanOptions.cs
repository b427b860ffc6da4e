namespace RaftKv.Embedded;

/// <summary>The options of a scan. <c>default</c> is linearizable, with values and without a limit.</summary>
public readonly record struct KvScanOptions
{
    /// <summary>How fresh the scan must be when it starts.</summary>
    public KvConsistency Consistency { get; init; }

    /// <summary>Wait until this node has applied at least this version; see <see cref="KvReadOptions.MinVersion"/>.</summary>
    public KvVersion MinVersion { get; init; }

    /// <summary>
    /// How old this node's copy may be for a <see cref="KvConsistency.Stale"/> scan; <c>null</c>, the default, is any age. See
    /// <see cref="KvReadOptions.MaxAge"/>.
    /// </summary>
    public TimeSpan? MaxAge
    {
        get;
        init => field = KvReadOptions.Checked(value);
    }

    /// <summary>
    /// Scan this node's own copy while the cluster has no leader, see <see cref="KvReadOptions.StaleWithoutLeader"/>. The default value is
    /// <c>false</c>.
    /// </summary>
    public bool StaleWithoutLeader { get; init; }

    /// <summary>The most entries to return, not negative. 0, the default, is no limit for a scan, and 1,000 for a page.</summary>
    public int Limit { get; init; }

    /// <summary>Leave out the values and versions.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>Begin with the last key of the range. The default value is <c>false</c>: with the first.</summary>
    public bool Descending { get; init; }

    /// <summary>
    /// Start after this key, in the order of the scan: the last key of the page before. <c>null</c>, the default, is the beginning.
    /// </summary>
    public string? After { get; init; }

    /// <summary>
    /// The version to read, for the next page of a scan: <see cref="KvScanPage.Version"/> of the page before. <see cref="KvVersion.None"/>
    /// is the newest state that <see cref="Consistency"/> asks for.
    /// </summary>
    public KvVersion AtVersion { get; init; }
}

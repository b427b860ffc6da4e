namespace RaftKv.Embedded.Log;

/// <summary>
/// The largest key, value and transaction that may become an entry, in bytes. They belong to the cluster: they stand in the configuration
/// from <see cref="FeatureLevels.Safeguards"/> on, and only rise, when every member allows more. Immutable.
/// </summary>
internal sealed record ClusterLimits(int MaxKeyBytes, int MaxValueBytes, int MaxTransactionBytes)
{
    /// <summary>The size of the encoding: three i32, little-endian.</summary>
    public const int Bytes = 3 * sizeof(int);

    /// <summary>The limits that a node's options set.</summary>
    public static ClusterLimits Of(RaftKvOptions options) => new(options.MaxKeyBytes, options.MaxValueBytes, options.MaxTransactionBytes);

    /// <summary>The smaller value of each limit.</summary>
    public ClusterLimits And(ClusterLimits other) =>
        new(Math.Min(MaxKeyBytes, other.MaxKeyBytes), Math.Min(MaxValueBytes, other.MaxValueBytes),
            Math.Min(MaxTransactionBytes, other.MaxTransactionBytes));

    /// <summary>The larger value of each limit.</summary>
    public ClusterLimits RaisedTo(ClusterLimits other) =>
        new(Math.Max(MaxKeyBytes, other.MaxKeyBytes), Math.Max(MaxValueBytes, other.MaxValueBytes),
            Math.Max(MaxTransactionBytes, other.MaxTransactionBytes));

    public RaftKvLimits ToPublic() =>
        new() { MaxKeyBytes = MaxKeyBytes, MaxValueBytes = MaxValueBytes, MaxTransactionBytes = MaxTransactionBytes };

    public override string ToString() =>
        $"MaxKeyBytes {MaxKeyBytes}, MaxValueBytes {MaxValueBytes}, MaxTransactionBytes {MaxTransactionBytes}";
}

namespace RaftKv.Embedded;

/// <summary>
/// Condition on the current state of a key that must hold for a write to be applied. <c>default</c> is <see cref="Always"/>.
/// </summary>
public readonly record struct KvCondition
{
    private KvCondition(KvConditionKind kind, KvVersion version = default)
    {
        Kind = kind;
        Version = version;
    }

    /// <summary>Which condition.</summary>
    public KvConditionKind Kind { get; init; }

    /// <summary>The version that <see cref="KvConditionKind.VersionIs"/> requires.</summary>
    public KvVersion Version { get; init; }

    /// <summary>No condition.</summary>
    public static KvCondition Always => default;

    /// <summary>The key exists.</summary>
    public static KvCondition Exists => new(KvConditionKind.Exists);

    /// <summary>The key does not exist.</summary>
    public static KvCondition NotExists => new(KvConditionKind.NotExists);

    /// <summary>The key's version is <paramref name="version"/>; <see cref="KvVersion.None"/> means that it does not exist.</summary>
    public static KvCondition VersionIs(KvVersion version) => new(KvConditionKind.VersionIs, version);
}

namespace RaftKv.Embedded;

/// <summary>The kinds of <see cref="KvCondition"/>. The numbers are part of the log's format.</summary>
public enum KvConditionKind : byte
{
    /// <summary>No condition.</summary>
    Always = 0,

    /// <summary>The key exists.</summary>
    Exists = 1,

    /// <summary>The key does not exist.</summary>
    NotExists = 2,

    /// <summary>The key's version is <see cref="KvCondition.Version"/>.</summary>
    VersionIs = 3,
}

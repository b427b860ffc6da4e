namespace RaftKv.Embedded;

/// <summary>One key or group directly below a prefix.</summary>
public readonly record struct KvChild
{
    /// <summary>The whole key; for a group, the common prefix of its keys, the delimiter included.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it is a group of keys. The name of a key and that of a group may differ by the delimiter alone.</summary>
    public bool IsGroup { get; init; }
}

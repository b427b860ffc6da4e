namespace RaftKv.Embedded;

/// <summary>One key or group directly below a prefix.</summary>
public readonly record struct KvChild
{
    /// <summary>The whole key; for a group, what its keys begin with, the delimiter included.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it stands for the keys below it. A key and a group may differ by the delimiter alone.</summary>
    public bool IsGroup { get; init; }
}

namespace RaftKv.Embedded;

/// <summary>One thing directly below a prefix.</summary>
/// <param name="Name">The whole key; for a group, what its keys begin with, the delimiter included.</param>
/// <param name="IsGroup">Whether it stands for the keys below it. A key and a group may differ by the delimiter alone.</param>
public readonly record struct KvChild(string Name, bool IsGroup);

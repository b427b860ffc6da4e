namespace RaftKv.Embedded.Node;

/// <summary>Distinguishes this run of the node from every other, also from a run with a copy of its data directory.</summary>
/// <param name="Id">A random id.</param>
/// <param name="StartedAt">When it began, in Unix milliseconds.</param>
internal readonly record struct ProcessMark(Guid Id, long StartedAt);

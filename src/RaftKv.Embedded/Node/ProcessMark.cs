namespace RaftKv.Embedded.Node;

/// <summary>Tells this run of the node from every other, also from one with a copy of its data directory.</summary>
/// <param name="Id">Random.</param>
/// <param name="StartedAt">When it began, in Unix milliseconds.</param>
internal readonly record struct ProcessMark(Guid Id, long StartedAt);

namespace RaftKv.Embedded.Tool.Offline;

/// <summary>The node that a restore or a recovery creates.</summary>
/// <param name="Directory">Its data directory.</param>
/// <param name="NodeId">Its name.</param>
/// <param name="Address">Where its peers reach it.</param>
internal sealed record NodeTarget(string Directory, string NodeId, string Address);

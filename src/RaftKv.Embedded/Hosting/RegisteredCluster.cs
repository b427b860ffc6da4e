namespace RaftKv.Embedded.Hosting;

/// <summary>Marks a cluster as registered by the application, so that it is not registered twice.</summary>
/// <param name="Name">The name given to <c>AddKeyedRaftKv</c>; <c>null</c> for the one of <c>AddRaftKv</c>.</param>
internal sealed record RegisteredCluster(string? Name);

namespace RaftKv.Embedded.Hosting;

/// <summary>A cluster that the application has registered, so that it is not registered twice.</summary>
/// <param name="Name">The name given to <c>AddKeyedRaftKv</c>; <c>null</c> for the one of <c>AddRaftKv</c>.</param>
internal sealed record RegisteredCluster(string? Name);

using Microsoft.Extensions.DependencyInjection;

namespace RaftKv.Embedded;

/// <summary>What <c>AddRaftKv</c> and <c>AddKeyedRaftKv</c> return; other packages extend it.</summary>
public interface IRaftKvBuilder
{
    /// <summary>The application's services, to which the replica was added.</summary>
    IServiceCollection Services { get; }

    /// <summary>
    /// The key of the replica's services, which is also the name of its options; <c>null</c> for <c>AddRaftKv</c>, whose services have no
    /// key.
    /// </summary>
    string? Name { get; }
}

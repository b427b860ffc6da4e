using Microsoft.Extensions.DependencyInjection;

namespace RaftKv.Embedded;

/// <summary>What <c>AddRaftKv</c> returns; other packages extend it.</summary>
public interface IRaftKvBuilder
{
    /// <summary>The services the replica was added to.</summary>
    IServiceCollection Services { get; }
}

using Microsoft.Extensions.DependencyInjection;
using RaftKv.Embedded;

namespace RaftKv.Contract.Tests.Fakes;

/// <summary>A builder for a package that extends <c>AddRaftKv</c>.</summary>
internal sealed class FakeBuilder : IRaftKvBuilder
{
    public string? Name => null;

    public IServiceCollection Services { get; } = new ServiceCollection();
}

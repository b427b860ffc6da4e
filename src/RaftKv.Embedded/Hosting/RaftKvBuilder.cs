using Microsoft.Extensions.DependencyInjection;

namespace RaftKv.Embedded.Hosting;

internal sealed class RaftKvBuilder(IServiceCollection services, string? name) : IRaftKvBuilder
{
    public IServiceCollection Services => services;

    public string? Name => name;
}

using Microsoft.Extensions.DependencyInjection;

namespace RaftKv.Embedded.Hosting;

internal sealed class RaftKvBuilder(IServiceCollection services) : IRaftKvBuilder
{
    public IServiceCollection Services => services;
}

using Microsoft.Extensions.Hosting;
using RaftKv.Embedded.Client;

namespace RaftKv.Embedded.Testing;

/// <summary>Ends watches, leaderships and waits for locks when the host begins to stop, as the product does.</summary>
internal sealed class InMemoryLifetime(ReplicaAccess access, RaftKvLeases leases, IHostApplicationLifetime lifetime) : IHostedLifecycleService
{
    private CancellationTokenRegistration _stopping;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        _stopping = lifetime.ApplicationStopping.UnsafeRegister(static access => ((ReplicaAccess)access!).BeginStop(), access);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        access.BeginStop();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await _stopping.DisposeAsync().ConfigureAwait(false);
        await leases.EndWithHostAsync(cancellationToken).ConfigureAwait(false);
    }
}

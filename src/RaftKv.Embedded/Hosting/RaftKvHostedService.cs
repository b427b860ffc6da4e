using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// Ties the replica's life to the host's: opened before any other service starts, stopped after all of them, in whatever order they were
/// added. A leader hands over before the first of them stops, so that the calls they still make and serve meet a leader elsewhere. Start
/// never waits for a leader.
/// </summary>
/// <remarks>
/// Opening takes the longer the more data there is. When it takes more than a second, the other services start meanwhile, a web server with
/// its probes among them; the start of the host as a whole is over when the replica is open, and fails when it cannot be opened. A host may
/// be stopped twice, or disposed while it stops: there is one stop, and each of these calls returns when it is complete, so that the
/// directory can be opened again.
/// </remarks>
internal sealed class RaftKvHostedService(
    IOptions<RaftKvOptions> options,
    ReplicaAccess access,
    RaftKvLeases leases,
    Observers observers,
    ReplicaClock clock,
    ReplicaOpener opener,
    IHostApplicationLifetime? lifetime) : IHostedLifecycleService, IAsyncDisposable, IDisposable
{
    /// <summary>So long the services that start next wait for the replica, and find it open.</summary>
    private static readonly TimeSpan OpensUnseen = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan DisposeTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private CancellationTokenRegistration _stopping;
    private Task<LocalReplica>? _opening;
    private LocalReplica? _host;
    private bool _isEnding;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var settings = options.Value;
        observers.Start(settings.NodeId);
        _stopping = (lifetime?.ApplicationStopping ?? default).UnsafeRegister(static access => ((ReplicaAccess)access!).BeginStop(),
            access);
        var log = observers.CreateLogger(ReplicaHost.Category);
        MemoryPlan.Apply(settings, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, log);
        if (settings.AllowInsecurePeers && !settings.AuthenticatesPeers)
            log.InsecurePeers(settings.NodeId, settings.ListenAddress);
        if (settings.Durability == RaftKvDurability.OsBuffered)
            log.NotDurable(settings.NodeId);
        else if (settings.Durability == RaftKvDurability.Memory)
            log.InMemoryOnly(settings.NodeId, settings.MemoryBudgetBytes);
        // A waiter may block once the replica is open, as the application's main method may; the others must not wait behind it.
        _opening = Task.Factory.StartNew(() => Open(settings, log, cancellationToken), CancellationToken.None,
            TaskCreationOptions.LongRunning | TaskCreationOptions.RunContinuationsAsynchronously, TaskScheduler.Default);
        access.SetOpening(_opening);
        if (await Task.WhenAny(_opening, Task.Delay(OpensUnseen, cancellationToken)).ConfigureAwait(false) == _opening)
            await _opening.ConfigureAwait(false);
        else
            log.OpeningTakesLong(settings.NodeId, settings.Durability == RaftKvDurability.Memory ? "memory" : settings.DataDirectory);
        await observers.FlushAsync().ConfigureAwait(false);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The host has started once the replica is open. What keeps it from that is the host's to hear.</summary>
    public Task StartedAsync(CancellationToken cancellationToken) => _opening?.WaitAsync(cancellationToken) ?? Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        access.BeginStop();
        return Volatile.Read(ref _host)?.HandOverAsync(cancellationToken) ?? Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        // All services have stopped: locks that they still hold are released.
        await leases.EndWithHostAsync(cancellationToken).ConfigureAwait(false);
        if (BeginEnd() is { } host)
            await host.StopAsync(cancellationToken).ConfigureAwait(false);
        else if (_opening is { } opening)
            await Task.WhenAny(opening, Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken)).ConfigureAwait(false);
        await observers.FlushAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (BeginEnd() is { } host)
            await host.DisposeAsync().ConfigureAwait(false);
        else if (_opening is { } opening)
            await Task.WhenAny(opening, Task.Delay(DisposeTimeout)).ConfigureAwait(false);
    }

    public void Dispose()
    {
        if (BeginEnd() is { } host)
            host.Dispose();
        else if (_opening is { } opening)
            Task.WaitAny([opening], DisposeTimeout);
    }

    /// <summary>The replica, which is to end; <c>null</c> when it is not open, and then ends by itself once it is.</summary>
    private LocalReplica? BeginEnd()
    {
        access.BeginStop();
        lock (_gate)
        {
            _isEnding = true;
            _stopping.Dispose();
            return _host;
        }
    }

    private LocalReplica Open(RaftKvOptions settings, ILogger log, CancellationToken cancellationToken)
    {
        if (settings.RestoreFrom is { } backup)
            new StartupRestore(settings, backup, log, observers).RunAsync(cancellationToken).GetAwaiter().GetResult();
        var host = opener.Open(settings, clock, observers);
        lock (_gate)
        {
            if (!_isEnding)
            {
                Volatile.Write(ref _host, host);
                access.Set(host);
                host.Start();
                return host;
            }
        }
        host.Dispose();
        throw new OperationCanceledException("The host was stopped before the replica was open.");
    }
}

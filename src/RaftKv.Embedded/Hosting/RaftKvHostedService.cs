using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// Opens the replica before any other service of the host starts, and stops it after all of them have stopped, in whatever order they were
/// added. A leader hands over the leadership before the first service stops, so that calls during the stop find a leader on another node.
/// The start never waits for a leader.
/// </summary>
/// <remarks>
/// Opening takes the longer the more data there is. When it takes more than a second, the other services start meanwhile, for example a web
/// server with its probes. The start of the host completes when the replica is open, and fails when it cannot be opened. A host may be
/// stopped twice, or disposed while it stops: the replica is stopped once, and each of these calls returns when that is complete, so that
/// the directory can be opened again.
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
    /// <summary>How long the start of the other services waits for the replica to be open.</summary>
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
        // A caller that waits for the opening may block afterwards, for example the application's main method; the other callers must not
        // wait for it.
        _opening = Task.Factory.StartNew(() => Open(settings, log, cancellationToken), CancellationToken.None,
            TaskCreationOptions.LongRunning | TaskCreationOptions.RunContinuationsAsynchronously, TaskScheduler.Default);
        // The start may be cancelled, and a stop does not read why the opening ended.
        _opening.ObserveFailure();
        access.SetOpening(_opening);
        if (await Task.WhenAny(_opening, Task.Delay(OpensUnseen, cancellationToken)).ConfigureAwait(false) == _opening)
            await _opening.ConfigureAwait(false);
        else
            log.OpeningTakesLong(settings.NodeId, settings.Durability == RaftKvDurability.Memory ? "memory" : settings.DataDirectory);
        await observers.FlushAsync().ConfigureAwait(false);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The start of the host completes once the replica is open, and fails with the error of the opening.</summary>
    public Task StartedAsync(CancellationToken cancellationToken) => _opening?.WaitAsync(cancellationToken) ?? Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        access.BeginStop();
        return Volatile.Read(ref _host)?.HandOverAsync(cancellationToken) ?? Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        // All services have stopped: releases the locks that are still held.
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

    /// <summary>Returns the replica to end; <c>null</c> when it is not open: then the opening disposes of it when it is done.</summary>
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

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using RaftKv.Embedded.Hosting;
using RaftKv.Embedded.Node;

namespace RaftKv.Embedded.Testing;

/// <summary>One node of a <see cref="RaftKvTestCluster"/>: a real replica, on a disk and a network in memory.</summary>
public sealed class RaftKvTestNode
{
    private readonly RaftKvTestCluster _cluster;
    private readonly TestDisk _disk = new();
    private readonly ManualResetEventSlim _resumed = new(initialState: true);
    private volatile ReplicaHost? _replica;
    private volatile IServiceProvider? _services;
    private InMemoryTransport? _transport;
    private IHost? _host;

    internal RaftKvTestNode(RaftKvTestCluster cluster, string id, string address) => (_cluster, Id, Address) = (cluster, id, address);

    /// <summary>The node's <see cref="RaftKvOptions.NodeId"/>.</summary>
    public string Id { get; }

    /// <summary>The node's address in the cluster's network; not a port of the machine.</summary>
    public string Address { get; }

    /// <summary>Whether the node's replica is open.</summary>
    public bool IsRunning => _replica is { HasEnded: false };

    /// <summary>Whether the node is paused by <see cref="Pause"/>.</summary>
    public bool IsPaused => !_resumed.IsSet;

    /// <summary>The services of the node's host.</summary>
    /// <exception cref="InvalidOperationException">The node has not been started.</exception>
    public IServiceProvider Services => _services ?? throw new InvalidOperationException($"{Id} has not been started.");

    /// <summary>The store, from this node.</summary>
    public IDistributedKv Kv => Services.GetRequiredService<IDistributedKv>();

    /// <summary>Leases that this node holds.</summary>
    public IRaftKvLeases Leases => Services.GetRequiredService<IRaftKvLeases>();

    /// <summary>Locks and leaders, from this node.</summary>
    public IRaftKvCoordination Coordination => Services.GetRequiredService<IRaftKvCoordination>();

    /// <summary>The cluster as this node sees it.</summary>
    public IRaftKvCluster Cluster => Services.GetRequiredService<IRaftKvCluster>();

    /// <summary>
    /// Makes this node the replica of an application of the test, for example of a <c>WebApplicationFactory</c> (in
    /// <c>ConfigureTestServices</c>) or a generic host. An <c>AddRaftKv</c> of the application may come before it; its options count, apart
    /// from those that the cluster sets, see <see cref="RaftKvTestCluster.StartAsync"/>. The application starts and stops the node.
    /// </summary>
    /// <param name="services">The services of the application.</param>
    public void AddTo(IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (!services.Any(s => s.ImplementationInstance is RegisteredCluster { Name: null }))
            services.AddLogging().AddRaftKv(static _ => { });
        services.PostConfigure<RaftKvOptions>(Apply);
        services.RemoveAll<ReplicaOpener>();
        services.AddSingleton<ReplicaOpener>(p => new ClusterNodeOpener(this, p));
    }

    /// <summary>Starts the node in a host of its own, with what its disk holds.</summary>
    /// <exception cref="InvalidOperationException">The node runs already.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (IsRunning)
            throw new InvalidOperationException($"{Id} runs already.");
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        AddTo(builder.Services);
        _cluster.Configure?.Invoke(this, builder);
        _host = builder.Build();
        await _host.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops the node as an operator does: a leader hands over first. Has no effect when the node does not run.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        Resume();
        if (_host is { } host)
            await host.StopAsync(cancellationToken).ConfigureAwait(false);
        else if (_replica is { } replica)
            await replica.StopAsync(cancellationToken).ConfigureAwait(false);
        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Ends the node's replica at once, as when its process is killed: the leadership is not handed over. The disk keeps what was written.
    /// The services of an application that hosts the node stay, and their calls are refused.
    /// </summary>
    public async Task KillAsync()
    {
        // First, so that nothing that the replica still sends reaches another node.
        _transport?.Dispose();
        Resume();
        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>Kills the node if it runs, and starts it again.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await KillAsync().ConfigureAwait(false);
        await StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Stops the node as <c>SIGSTOP</c> does, until <see cref="Resume"/>: it neither takes part nor answers, and its connections stay.
    /// </summary>
    public void Pause()
    {
        if (_replica is not { } replica || IsPaused)
            return;
        _resumed.Reset();
        _transport?.IsPaused = true;
        using var held = new ManualResetEventSlim();
        new Thread(() => replica.Replica.Turns.Hold(() =>
        {
            held.Set();
            _resumed.Wait();
        })) { IsBackground = true, Name = $"raftkv-{Id}-paused" }.Start();
        held.Wait();
    }

    /// <summary>Ends <see cref="Pause"/>.</summary>
    public void Resume()
    {
        _transport?.IsPaused = false;
        _resumed.Set();
    }

    /// <summary>Replaces the node's disk by an empty one. When the node is started again, it is admitted under a new identity.</summary>
    /// <exception cref="InvalidOperationException">The node runs.</exception>
    public void WipeDisk()
    {
        if (IsRunning)
            throw new InvalidOperationException($"{Id} runs. Stop or kill it first.");
        _disk.Wipe();
    }

    /// <summary>Fills the node's disk, or frees it again. The node notices within about a second.</summary>
    public void FillDisk(bool full = true) => _disk.IsFull = full;

    /// <summary>Makes every sync of the node's disk take this time; <see cref="TimeSpan.Zero"/> ends it.</summary>
    public void SlowDisk(TimeSpan perSync) => _disk.SyncTime = perSync;

    /// <summary>
    /// Delays every message to and from the node; <see cref="TimeSpan.Zero"/>, or <see cref="RaftKvTestCluster.Heal"/>, ends it.
    /// </summary>
    public void Lag(TimeSpan perMessage) => _cluster.Network.Lag(Address, perMessage);

    internal ReplicaHost Open(IServiceProvider services, Func<ReplicaEnvironment, ReplicaHost> open)
    {
        _transport = new InMemoryTransport(_cluster.Network, Address);
        var transport = _transport;
        var replica = open(new ReplicaEnvironment(_disk, static _ => new InMemoryKvStore(), () => transport));
        _services = services;
        return _replica = replica;
    }

    private void Apply(RaftKvOptions options)
    {
        options.NodeId = Id;
        options.DataDirectory = "/" + Id;
        options.ListenAddress = Address;
        options.AdvertiseAddress = null;
        options.InitialMembers.Clear();
        foreach (var node in _cluster.Nodes)
            options.InitialMembers.Add(new RaftKvMember { NodeId = node.Id, Address = node.Address });
        options.Seeds.Clear();
        RaftKvTestCluster.Quicken(options);
    }

    private async Task EndAsync()
    {
        if (_replica is { } replica)
            await replica.DisposeAsync().ConfigureAwait(false);
        _replica = null;
        if (_host is IAsyncDisposable host)
            await host.DisposeAsync().ConfigureAwait(false);
        _host = null;
    }
}

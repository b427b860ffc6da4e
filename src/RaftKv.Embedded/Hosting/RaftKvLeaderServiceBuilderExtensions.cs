using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection.Extensions;
using RaftKv.Embedded;
using RaftKv.Embedded.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds services that run on one node of the cluster at a time, and jobs that run once per period in the whole cluster.</summary>
public static class RaftKvLeaderServiceBuilderExtensions
{
    /// <summary>
    /// Adds a hosted service that runs on one node at a time, of all nodes that add it. It ends when the host begins to stop, and never
    /// ends the host: an exception of the service is logged (200), and the service begins again after a back-off, here or on another node.
    /// <see cref="IRaftKvLeaderServices"/> says which node runs it.
    /// </summary>
    /// <remarks>
    /// When its node dies, the service begins on another node after <see cref="RaftKvLeaderServiceOptions.TimeToLive"/>; when the host of
    /// its node stops, at once. The name of its lock is <c>leader-services/NAME</c>.
    /// </remarks>
    /// <typeparam name="TService">The service: scoped, one instance for each leadership.</typeparam>
    /// <param name="builder">The builder that <c>AddRaftKv</c> returned.</param>
    /// <param name="name">The name, the same on all nodes; <c>null</c>, the default, is the name of the type without its namespace.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentException">An option is outside of its limits, or the name is empty.</exception>
    /// <exception cref="InvalidOperationException">A service of that name was added before.</exception>
    public static IRaftKvBuilder AddLeaderService<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TService>(
        this IRaftKvBuilder builder, string? name = null, Action<RaftKvLeaderServiceOptions>? configure = null)
        where TService : class, IRaftKvLeaderService
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddScoped<TService>();
        return AddLeaderService(
            builder, name ?? typeof(TService).Name,
            static (leadership, services, end) => services.GetRequiredService<TService>().RunAsync(leadership, end), configure);
    }

    /// <summary>As <see cref="AddLeaderService{TService}"/>, with the work as a delegate.</summary>
    /// <param name="builder">The builder that <c>AddRaftKv</c> returned.</param>
    /// <param name="name">The name, the same on all nodes.</param>
    /// <param name="work">
    /// Receives the services of a separate scope, and a token that fires when leadership is lost and when the host begins to stop.
    /// </param>
    /// <param name="configure">Sets the options.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentException">An option is outside of its limits, or the name is empty.</exception>
    /// <exception cref="InvalidOperationException">A service of that name was added before.</exception>
    public static IRaftKvBuilder AddLeaderService(
        this IRaftKvBuilder builder, string name, Func<IServiceProvider, CancellationToken, Task> work,
        Action<RaftKvLeaderServiceOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(work);
        return AddLeaderService(builder, name, (_, services, end) => work(services, end), configure);
    }

    /// <summary>
    /// As <see cref="AddLeaderService{TService}"/>, with the work as a delegate that receives the leadership and its fencing token.
    /// </summary>
    /// <param name="builder">The builder that <c>AddRaftKv</c> returned.</param>
    /// <param name="name">The name, the same on all nodes.</param>
    /// <param name="work">
    /// Receives the leadership, the services of a separate scope, and a token that fires when leadership is lost and when the host begins
    /// to stop.
    /// </param>
    /// <param name="configure">Sets the options.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentException">An option is outside of its limits, or the name is empty.</exception>
    /// <exception cref="InvalidOperationException">A service of that name was added before.</exception>
    public static IRaftKvBuilder AddLeaderService(
        this IRaftKvBuilder builder, string name, Func<KvLock, IServiceProvider, CancellationToken, Task> work,
        Action<RaftKvLeaderServiceOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(work);
        var options = new RaftKvLeaderServiceOptions();
        configure?.Invoke(options);
        options.ThrowIfInvalid();
        LeaderServiceRegistration.Add(builder, new LeaderServiceRegistration(name, work, options));
        return builder;
    }

    /// <summary>
    /// Adds a job that runs at most once in each period, over all nodes that add it: a run begins no earlier than one period after the
    /// previous run began, on whichever node that was. The period counts by the cluster's log time, so a wrong clock on one node has no
    /// effect. A new cluster runs the job at once.
    /// </summary>
    /// <remarks>
    /// <para>A run is claimed before it begins, and the claim lasts for the period. When its node dies in the middle, or its host stops, or
    /// the job throws, the run is not repeated: the next run begins when the period is over, and not before another node has taken over
    /// (<see cref="RaftKvLeaderServiceOptions.TimeToLive"/> after the death of a node). When the outcome of a claim is unknown, its period
    /// may pass without a run. A job that must happen in every period therefore records what it has done, and the next run does what is
    /// missing.</para>
    /// <para>Runs do not overlap: when a run outlasts the period, the next one begins after it has ended. Only a process that was suspended
    /// may still be in a run when the next one begins, see <see cref="KvLock"/>. An exception of the job is logged (200), and another node
    /// may do the next run. The job is a leader service of the same name: <see cref="IRaftKvLeaderServices"/> says which node leads
    /// it.</para>
    /// </remarks>
    /// <param name="builder">The builder that <c>AddRaftKv</c> returned.</param>
    /// <param name="period">The period, 1 s to 100 years; the same on all nodes.</param>
    /// <param name="name">The name, the same on all nodes.</param>
    /// <param name="job">
    /// Receives the services of a separate scope, and a token that fires when leadership is lost and when the host begins to stop.
    /// </param>
    /// <param name="configure">Sets the options.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentException">The period or an option is outside of its limits, or the name is empty.</exception>
    /// <exception cref="InvalidOperationException">A service of that name was added before.</exception>
    public static IRaftKvBuilder RunOncePer(
        this IRaftKvBuilder builder, TimeSpan period, string name, Func<IServiceProvider, CancellationToken, Task> job,
        Action<RaftKvLeaderServiceOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(job);
        ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(period, TimeSpan.FromMilliseconds(KvSetOptions.LongestMs));
        var cluster = builder.Name;
        return AddLeaderService(
            builder, name,
            (leadership, services, end) => new PeriodicJob(cluster, name, period, job).RunAsync(leadership, services, end), configure);
    }
}

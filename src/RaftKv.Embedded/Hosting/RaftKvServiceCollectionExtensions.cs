using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using RaftKv.Embedded;
using RaftKv.Embedded.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a replica to an application.</summary>
public static class RaftKvServiceCollectionExtensions
{
    /// <summary>
    /// Hosts a replica in this process: it starts and stops with the host. <see cref="IDistributedKv"/>, <see cref="IRaftKvLeases"/>,
    /// <see cref="IRaftKvCoordination"/> and <see cref="IRaftKvCluster"/> become singletons. The options come from the section
    /// <see cref="RaftKvOptions.SectionName"/> of the application's configuration.
    /// </summary>
    /// <remarks>
    /// The start opens the data directory and the listener, and never waits for other nodes. When it takes more than a second, the other
    /// services of the host start meanwhile. The start of the host completes when the replica is open, and fails when it cannot be opened.
    /// Calls that are made meanwhile wait.
    /// </remarks>
    /// <param name="services">The application's services.</param>
    /// <exception cref="InvalidOperationException">
    /// Thrown by this method when a replica was added before; thrown when the host starts if the application has no
    /// <see cref="IConfiguration"/>.
    /// </exception>
    /// <exception cref="OptionsValidationException">When the host starts: all wrong options together.</exception>
    public static IRaftKvBuilder AddRaftKv(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        return AddBound(services, null, RaftKvOptions.SectionName);
    }

    /// <summary>As <see cref="AddRaftKv(IServiceCollection)"/>, with the options from code.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the options; only <see cref="RaftKvOptions.DataDirectory"/> is required.</param>
    /// <exception cref="InvalidOperationException">A replica was added before.</exception>
    /// <exception cref="OptionsValidationException">When the host starts: all wrong options together.</exception>
    public static IRaftKvBuilder AddRaftKv(this IServiceCollection services, Action<RaftKvOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        var builder = ClusterRegistration.Add(services, null);
        services.Configure(configure);
        return builder;
    }

    /// <summary>As <see cref="AddRaftKv(IServiceCollection)"/>, with the options from a configuration section.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="section">For example <c>configuration.GetSection("RaftKv")</c>.</param>
    /// <exception cref="InvalidOperationException">A replica was added before.</exception>
    /// <exception cref="OptionsValidationException">When the host starts: all wrong options together.</exception>
    public static IRaftKvBuilder AddRaftKv(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        var builder = ClusterRegistration.Add(services, null);
        ClusterRegistration.Bind(services, null, _ => section);
        return builder;
    }

    /// <summary>
    /// Hosts a replica of one of several clusters in this process. Its services are keyed: <c>[FromKeyedServices("orders")] IDistributedKv
    /// kv</c>. The options come from the section <c>RaftKv:<paramref name="name"/></c> of the application's configuration, and have the
    /// name <paramref name="name"/>.
    /// </summary>
    /// <remarks>
    /// Each replica needs a separate <see cref="RaftKvOptions.DataDirectory"/> and listen address. Log lines contain only the
    /// <see cref="RaftKvOptions.NodeId"/>: give the nodes of one process different ones. Measurements and spans have the name as the tag
    /// <c>raftkv.cluster</c>.
    /// </remarks>
    /// <param name="services">The application's services.</param>
    /// <param name="name">The key of the services and the name of the options, not empty.</param>
    /// <exception cref="InvalidOperationException">
    /// Thrown by this method when a replica was added with this name before; thrown when the host starts if the application has no
    /// <see cref="IConfiguration"/>.
    /// </exception>
    /// <exception cref="OptionsValidationException">When the host starts: all wrong options together.</exception>
    public static IRaftKvBuilder AddKeyedRaftKv(this IServiceCollection services, string name)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return AddBound(services, name, ConfigurationPath.Combine(RaftKvOptions.SectionName, name));
    }

    /// <summary>As <see cref="AddKeyedRaftKv(IServiceCollection, string)"/>, with the options from code.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="name">The key of the services and the name of the options, not empty.</param>
    /// <param name="configure">Sets the options; only <see cref="RaftKvOptions.DataDirectory"/> is required.</param>
    /// <exception cref="InvalidOperationException">A replica was added with this name before.</exception>
    /// <exception cref="OptionsValidationException">When the host starts: all wrong options together.</exception>
    public static IRaftKvBuilder AddKeyedRaftKv(this IServiceCollection services, string name, Action<RaftKvOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configure);
        var builder = ClusterRegistration.Add(services, name);
        services.Configure(name, configure);
        return builder;
    }

    /// <summary>As <see cref="AddKeyedRaftKv(IServiceCollection, string)"/>, with the options from a configuration section.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="name">The key of the services and the name of the options, not empty.</param>
    /// <param name="section">For example <c>configuration.GetSection("Orders")</c>.</param>
    /// <exception cref="InvalidOperationException">A replica was added with this name before.</exception>
    /// <exception cref="OptionsValidationException">When the host starts: all wrong options together.</exception>
    public static IRaftKvBuilder AddKeyedRaftKv(this IServiceCollection services, string name, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(section);
        var builder = ClusterRegistration.Add(services, name);
        ClusterRegistration.Bind(services, name, _ => section);
        return builder;
    }

    private static RaftKvBuilder AddBound(IServiceCollection services, string? name, string section)
    {
        var builder = ClusterRegistration.Add(services, name);
        ClusterRegistration.Bind(services, name, provider => (provider.GetService<IConfiguration>() ?? throw new InvalidOperationException(
            $"The replica's options were to come from the section {section} of the configuration, and the application has none. "
            + "Register an IConfiguration, or give AddRaftKv a section or a delegate.")).GetSection(section));
        return builder;
    }
}

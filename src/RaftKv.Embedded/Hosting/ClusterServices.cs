using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// The services of one of several clusters in a process. Those of <c>AddKeyedRaftKv</c> are keyed by the name of the cluster; those of
/// <c>AddRaftKv</c>, whose name is <c>null</c>, have no key.
/// </summary>
internal static class ClusterServices
{
    /// <summary>The name of a cluster's options: the name of the cluster, or the default name.</summary>
    public static string OptionsName(string? cluster) => cluster ?? Microsoft.Extensions.Options.Options.DefaultName;

    /// <exception cref="InvalidOperationException">There is no such service.</exception>
    public static T Of<T>(this IServiceProvider services, string? cluster) where T : notnull =>
        cluster is null ? services.GetRequiredService<T>() : services.GetRequiredKeyedService<T>(cluster);

    public static IEnumerable<T> AllOf<T>(this IServiceProvider services, string? cluster) =>
        cluster is null ? services.GetServices<T>() : services.GetKeyedServices<T>(cluster);

    /// <summary>Adds a singleton of the cluster, unless the application has registered one.</summary>
    public static void TryAddOf<T>(this IServiceCollection services, string? cluster, Func<IServiceProvider, T> create) where T : class
    {
        if (cluster is null)
            services.TryAddSingleton(create);
        else
            services.TryAddKeyedSingleton(cluster, (provider, _) => create(provider));
    }

    /// <summary>Adds a singleton of the cluster.</summary>
    public static void AddOf<T>(this IServiceCollection services, string? cluster, Func<IServiceProvider, T> create) where T : class
    {
        if (cluster is null)
            services.AddSingleton(create);
        else
            services.AddKeyedSingleton(cluster, (provider, _) => create(provider));
    }
}

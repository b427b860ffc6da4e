using Microsoft.AspNetCore.Http;
using RaftKv.Embedded.Hosting;

namespace RaftKv.Embedded.Http;

/// <summary>Metadata of routes: which of the process's clusters they serve.</summary>
/// <param name="Name">The name that <c>AddKeyedRaftKv</c> was given; <c>null</c> for the cluster of <c>AddRaftKv</c>.</param>
internal sealed record ServedCluster(string? Name)
{
    /// <summary>The name of the cluster that the request's route serves.</summary>
    public static string? NameOf(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<ServedCluster>()?.Name;

    /// <summary>A service of the cluster that the request's route serves.</summary>
    public static T Service<T>(HttpContext context) where T : notnull => context.RequestServices.Of<T>(NameOf(context));
}

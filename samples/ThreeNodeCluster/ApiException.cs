using System.Net;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>A node answered with an error.</summary>
internal sealed class ApiException(HttpStatusCode status, string error) : Exception($"{(int)status} {error}")
{
    public HttpStatusCode Status => status;
}

using System.Net;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>A node answered with an error.</summary>
internal sealed class ApiException(HttpStatusCode status, string error, string code) : Exception($"{(int)status} {error}")
{
    public HttpStatusCode Status => status;

    /// <summary>The code of the error, for programs; empty when the answer has none.</summary>
    public string Code => code;
}

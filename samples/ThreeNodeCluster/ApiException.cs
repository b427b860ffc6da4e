using System.Net;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>A node answered with an error.</summary>
internal sealed class ApiException(HttpStatusCode status, string error, string code) : Exception($"{(int)status} {error}")
{
    public HttpStatusCode Status => status;

    /// <summary>What programs tell errors apart by; empty when the answer has none.</summary>
    public string Code => code;
}

using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>
/// Any node takes a write and forwards it. A client that chooses its node itself may send <c>?forward=false</c>: a node that does not lead
/// then answers 421 and names the leader.
/// </summary>
internal static class Forwarding
{
    /// <summary>The node that leads, on an answer 421.</summary>
    public const string Leader = "X-RaftKv-Leader";

    /// <exception cref="RequestRefusedException">The client asked not to be forwarded, and this node does not lead.</exception>
    public static void Refuse(HttpContext context)
    {
        if (RequestFlag.Read(context.Request.Query, "forward", otherwise: true))
            return;
        var status = ApiRoute.Cluster(context).Status;
        if (status.LeaderId == status.NodeId)
            return;
        if (status.LeaderId is null)
            throw new RequestRefusedException(new Problem(StatusCodes.Status503ServiceUnavailable, "no_leader",
                "This node knows no leader. Nothing was written.", RetryAfter: true));
        context.Response.Headers[Leader] = status.LeaderId;
        throw new RequestRefusedException(new Problem(StatusCodes.Status421MisdirectedRequest, "not_leader",
            $"{status.LeaderId} leads, and the request asked not to be forwarded. Nothing was written."));
    }
}

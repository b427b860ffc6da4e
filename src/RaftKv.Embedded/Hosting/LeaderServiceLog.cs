using Microsoft.Extensions.Logging;

namespace RaftKv.Embedded.Hosting;

/// <summary>The log lines of leader services.</summary>
internal static partial class LeaderServiceLog
{
    [LoggerMessage(200, LogLevel.Warning, "The leader service {Service} failed on {NodeId}. "
        + "It begins again after a back-off, here or on another node.")]
    public static partial void LeaderServiceFailed(this ILogger logger, Exception error, string service, string nodeId);

    [LoggerMessage(201, LogLevel.Information, "The leader service {Service} runs on {NodeId}, with the fencing token {FencingToken}.")]
    public static partial void LeaderServiceRuns(this ILogger logger, string service, string nodeId, long fencingToken);
}

using Microsoft.Extensions.Logging;

namespace RaftKv.Embedded.Http;

/// <summary>The log messages of the package. Their numbers are part of its contract.</summary>
internal static partial class HttpLog
{
    [LoggerMessage(5001, LogLevel.Warning,
        "AllowAnonymous is set: every client that reaches this app's port can read and write every key and add and remove members.")]
    public static partial void AnonymousAllowed(ILogger logger);

    [LoggerMessage(5002, LogLevel.Error,
        "Routes are closed and answer 403, {Route} first: nothing says who may use them. "
        + "Name a policy, MapRaftKv(o => o.AuthorizationPolicy = ...) or MapRaftKv().RequireAuthorization(), or set AllowAnonymous.")]
    public static partial void Closed(ILogger logger, string route);
}

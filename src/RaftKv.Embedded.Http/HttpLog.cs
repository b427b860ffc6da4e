using Microsoft.Extensions.Logging;

namespace RaftKv.Embedded.Http;

/// <summary>The log messages of the package. Their numbers are part of its contract.</summary>
internal static partial class HttpLog
{
    [LoggerMessage(5001, LogLevel.Warning,
        "AllowAnonymous is set: whoever reaches this app's port can read and write every key and add and remove members.")]
    public static partial void OpenToAnyone(ILogger logger);
}

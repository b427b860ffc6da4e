using Microsoft.Extensions.Logging;

namespace RaftKv.Embedded.DataProtection;

/// <summary>The log messages of the package. Their numbers are part of its contract.</summary>
internal static partial class DataProtectionLog
{
    [LoggerMessage(6001, LogLevel.Information,
        "{Name} was not stored: another node created the first key at the same time, and this one uses it too.")]
    public static partial void KeyCreatedElsewhere(this ILogger logger, string name);

    [LoggerMessage(6002, LogLevel.Error, "Deleting keys failed: some of them may not have been deleted.")]
    public static partial void NotDeleted(this ILogger logger, Exception error);
}

using Microsoft.Extensions.Logging;

namespace RaftKv.Embedded.Transport;

/// <summary>The transport's log messages, event ids 300 to 349.</summary>
internal static partial class TransportLog
{
    [LoggerMessage(300, LogLevel.Information, "Listening for peers on {Address}.")]
    public static partial void Listening(this ILogger logger, string address);

    [LoggerMessage(301, LogLevel.Information, "Connected to {Peer} at {Address}.")]
    public static partial void Connected(this ILogger logger, string peer, string address);

    [LoggerMessage(302, LogLevel.Information, "The connection to {Peer} was lost: {Reason}.")]
    public static partial void ConnectionLost(this ILogger logger, string peer, string reason);

    [LoggerMessage(303, LogLevel.Warning, "Cannot connect to {Peer} at {Address}: {Reason}. This node tries again.")]
    public static partial void CannotConnect(this ILogger logger, string peer, string address, string reason);

    [LoggerMessage(304, LogLevel.Warning, "The connection to {Peer} at {Address} was refused: {Reason}. This node tries again.")]
    public static partial void RefusedByPeer(this ILogger logger, string peer, string address, string reason);

    [LoggerMessage(305, LogLevel.Warning,
        "A node named {Peer} from {Remote} was refused: {Reason}. Further attempts like it are not logged for {Seconds} s.")]
    public static partial void PeerRefused(this ILogger logger, string peer, string remote, string reason, int seconds);

    [LoggerMessage(306, LogLevel.Information, "{Peer} connected from {Remote}.")]
    public static partial void PeerAccepted(this ILogger logger, string peer, string remote);

    [LoggerMessage(307, LogLevel.Information, "The connection from {Peer} was lost: {Reason}.")]
    public static partial void PeerLost(this ILogger logger, string peer, string reason);

    [LoggerMessage(308, LogLevel.Warning,
        "A connection from {Remote} was closed because of what it sent: {Reason}. Further ones like it are not logged for {Seconds} s.")]
    public static partial void InvalidInput(this ILogger logger, string remote, string reason, int seconds);

    [LoggerMessage(309, LogLevel.Debug, "A connection from {Remote} ended before it introduced itself: {Reason}.")]
    public static partial void NoIntroduction(this ILogger logger, string remote, string reason);

    [LoggerMessage(310, LogLevel.Warning,
        "Connections are being refused: too many are open, or too many have not introduced themselves yet. "
        + "Further ones are not logged for {Seconds} s.")]
    public static partial void TooManyConnections(this ILogger logger, int seconds);

    [LoggerMessage(311, LogLevel.Warning, "Accepting a connection failed: {Reason}. This node tries again.")]
    public static partial void AcceptFailed(this ILogger logger, string reason);

    [LoggerMessage(312, LogLevel.Warning,
        "Messages to {Peer} are being dropped: {Waiting} bytes wait to be sent. They are sent again later.")]
    public static partial void PeerBufferFull(this ILogger logger, string peer, long waiting);

    [LoggerMessage(313, LogLevel.Error, "A message of {Size} bytes to {Peer} exceeds the frame limit of {Limit} bytes and is dropped.")]
    public static partial void MessageTooLarge(this ILogger logger, string peer, long size, int limit);

    [LoggerMessage(314, LogLevel.Information, "{Peer} sends messages of type {Type}, which this version does not know; they are ignored.")]
    public static partial void UnknownMessage(this ILogger logger, string peer, byte type);

    [LoggerMessage(315, LogLevel.Error, "The transport met an unexpected error; the connection with {Peer} is closed.")]
    public static partial void Unexpected(this ILogger logger, Exception exception, string peer);

    [LoggerMessage(316, LogLevel.Warning,
        "A connection from {Remote} was refused, because it is not authenticated: {Reason}. "
        + "Further ones from there are not logged for {Seconds} s.")]
    public static partial void NotAuthenticated(this ILogger logger, string remote, string reason, int seconds);

    [LoggerMessage(317, LogLevel.Warning,
        "The certificate of this node, or the authorities it trusts, could not be loaded again; the previous ones stay in use: {Reason}")]
    public static partial void CredentialsNotReloaded(this ILogger logger, string reason);
}

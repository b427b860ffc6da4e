using System.Net.Sockets;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// A connection ended, or could not be made. <paramref name="reset"/>: the other process closed or refused it; false for other reasons,
/// such as silence.
/// </summary>
internal sealed class ConnectionLostException(string message, bool reset) : Exception(message)
{
    public bool Reset { get; } = reset;

    public static ConnectionLostException Because(SocketError error) => new(Describe(error), IsReset(error));

    public static ConnectionLostException Closed() => new("closed by the peer", reset: true);

    public static ConnectionLostException Timeout(string what) => new($"no {what} in time", reset: false);

    private static bool IsReset(SocketError error) =>
        error is SocketError.ConnectionReset or SocketError.ConnectionRefused or SocketError.ConnectionAborted
            or SocketError.Shutdown or SocketError.NotConnected;

    private static string Describe(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset => "connection reset",
        SocketError.TimedOut => "no answer in time",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "the name cannot be resolved",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "unreachable",
        _ => error.ToString(),
    };
}

namespace RaftKv.Embedded.Transport;

/// <summary>
/// The other side of a connection has not proven that it belongs to this cluster, or does not accept the proof of this node. Ends the
/// connection.
/// </summary>
internal sealed class NotAuthenticatedException(string message) : Exception(message);

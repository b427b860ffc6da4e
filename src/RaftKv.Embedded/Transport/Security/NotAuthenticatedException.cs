namespace RaftKv.Embedded.Transport;

/// <summary>
/// The other side of a connection has not proven that it belongs to this cluster, or does not believe that we do. Ends the connection.
/// </summary>
internal sealed class NotAuthenticatedException(string message) : Exception(message);

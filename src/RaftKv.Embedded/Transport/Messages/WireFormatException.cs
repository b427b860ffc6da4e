namespace RaftKv.Embedded.Transport;

/// <summary>Bytes from the network are malformed. Ends only the connection over which they were received.</summary>
internal sealed class WireFormatException(string message) : Exception(message);

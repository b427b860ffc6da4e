namespace RaftKv.Embedded.Transport;

/// <summary>Bytes from the network that are not what they must be. Ends the connection they came over, and nothing else.</summary>
internal sealed class WireFormatException(string message) : Exception(message);

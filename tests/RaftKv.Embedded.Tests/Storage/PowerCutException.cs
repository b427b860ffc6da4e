namespace RaftKv.Embedded.Tests.Storage;

/// <summary>The power was cut during an operation of the disk. The product does not catch this exception.</summary>
internal sealed class PowerCutException() : Exception("The power was cut.");

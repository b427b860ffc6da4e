namespace RaftKv.Embedded.Tests.Storage;

/// <summary>The machine died in the middle of an operation of its disk. No program catches this.</summary>
internal sealed class PowerCutException() : Exception("The power was cut.");

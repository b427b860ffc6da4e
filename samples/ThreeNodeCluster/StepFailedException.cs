namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>Something that must hold does not; the message says what.</summary>
internal sealed class StepFailedException(string message, Exception? innerException = null) : Exception(message, innerException);

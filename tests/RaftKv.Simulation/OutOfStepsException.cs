namespace RaftKv.Simulation;

/// <summary>A run has taken as many steps as it may.</summary>
internal sealed class OutOfStepsException : Exception;

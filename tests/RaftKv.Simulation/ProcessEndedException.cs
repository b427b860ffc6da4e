namespace RaftKv.Simulation;

/// <summary>The process whose code is under way has died.</summary>
internal sealed class ProcessEndedException() : Exception("The process died while its thread was stopped.");

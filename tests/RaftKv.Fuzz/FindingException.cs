namespace RaftKv.Fuzz;

/// <summary>An input had an effect it must not have.</summary>
internal sealed class FindingException(string message) : Exception(message);

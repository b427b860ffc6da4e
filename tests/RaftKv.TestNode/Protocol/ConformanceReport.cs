namespace RaftKv.TestNode.Protocol;

/// <summary>How many cases of the conformance suite were run on a node, and which failed.</summary>
public sealed record ConformanceReport(int Cases, string[] Failures);

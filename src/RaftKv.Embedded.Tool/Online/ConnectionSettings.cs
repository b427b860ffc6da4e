namespace RaftKv.Embedded.Tool.Online;

/// <summary>Where the nodes are, and how to speak to them.</summary>
/// <param name="Addresses">Each ends with a slash; the routes lie below.</param>
/// <param name="Headers">Sent with every request.</param>
/// <param name="Timeout">For one call, all addresses together.</param>
internal sealed record ConnectionSettings(IReadOnlyList<Uri> Addresses, IReadOnlyList<(string Name, string Value)> Headers,
    TimeSpan Timeout);

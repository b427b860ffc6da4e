namespace RaftKv.Embedded.Tool.Online;

/// <summary>The addresses of the nodes, the headers of a request, and its time limit.</summary>
/// <param name="Addresses">The addresses below which the routes of the nodes are; each ends with a slash.</param>
/// <param name="Headers">Sent with every request.</param>
/// <param name="Timeout">The time limit of one call, for all addresses together.</param>
internal sealed record ConnectionSettings(IReadOnlyList<Uri> Addresses, IReadOnlyList<(string Name, string Value)> Headers,
    TimeSpan Timeout);

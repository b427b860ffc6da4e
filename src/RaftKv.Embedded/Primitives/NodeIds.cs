namespace RaftKv.Embedded.Primitives;

/// <summary>The rule for the name of a node, which is part of files, logs and URLs.</summary>
internal static class NodeIds
{
    private const int MaxLength = 64;

    public const string Rule = "1 to 64 letters, digits, '.', '_' or '-'";

    public static bool IsValid(string? nodeId) =>
        nodeId is { Length: > 0 and <= MaxLength } && nodeId.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    public static void ThrowIfInvalid(string nodeId)
    {
        ArgumentNullException.ThrowIfNull(nodeId);
        if (!IsValid(nodeId))
            throw new ArgumentException($"'{nodeId}' cannot be a node id: it must be {Rule}. Nothing was changed.", nameof(nodeId));
    }
}

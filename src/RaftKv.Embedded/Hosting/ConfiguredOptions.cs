using Microsoft.Extensions.Configuration;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// Binds options to a configuration section by generated code, so that trimming keeps them. A list may also be one text, so that one
/// environment variable sets it: <c>RaftKv__InitialMembers="node1=10.0.0.1:7001, node2=10.0.0.2:7001"</c>. In a list as in a text, a member
/// may be <c>node1=10.0.0.1:7001</c>. A text for the secrets is one secret.
/// </summary>
internal static class ConfiguredOptions
{
    private static readonly char[] Separators = [',', ';', ' ', '\t', '\r', '\n'];

    public static void Bind(IConfiguration section, RaftKvOptions options)
    {
        var members = options.InitialMembers.Count;
        section.Bind(options);
        // The generated code cannot read members that are texts: what it added is removed, and all members are read here.
        while (options.InitialMembers.Count > members)
            options.InitialMembers.RemoveAt(members);
        foreach (var member in Items(section.GetSection(nameof(RaftKvOptions.InitialMembers)), Member))
            options.InitialMembers.Add(member);
        // A value that a later source removed is null.
        RemoveMissing(options.Seeds);
        RemoveMissing(options.PeerSecrets);
        foreach (var seed in Split(section[nameof(RaftKvOptions.Seeds)]))
            options.Seeds.Add(seed);
        if (section[nameof(RaftKvOptions.PeerSecrets)] is { Length: > 0 } secret)
            options.PeerSecrets.Add(secret);
    }

    private static void RemoveMissing(IList<string> list)
    {
        for (var i = list.Count - 1; i >= 0; i--)
        {
            if (string.IsNullOrEmpty(list[i]))
                list.RemoveAt(i);
        }
    }

    private static IEnumerable<T> Items<T>(IConfigurationSection section, Func<IConfigurationSection, IEnumerable<T>> read) =>
        read(section).Concat(section.GetChildren().SelectMany(read));

    private static IEnumerable<RaftKvMember> Member(IConfigurationSection section)
    {
        foreach (var text in Split(section.Value))
            yield return Parse(text);
        var (nodeId, address) = (section[nameof(RaftKvMember.NodeId)], section[nameof(RaftKvMember.Address)]);
        if (nodeId is not null || address is not null)
            yield return new RaftKvMember { NodeId = nodeId ?? "", Address = address ?? "" };
    }

    /// <summary>Parses a member. The validation of the options reports incomplete members.</summary>
    private static RaftKvMember Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? new RaftKvMember { NodeId = text }
            : new RaftKvMember { NodeId = text[..equals].Trim(), Address = text[(equals + 1)..].Trim() };
    }

    private static string[] Split(string? text) =>
        text?.Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}

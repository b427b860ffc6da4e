using Microsoft.Extensions.Configuration;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// Options from a configuration section, by generated code, so that trimming keeps them. Lists may also be one text, so that one
/// environment variable sets them:
/// <c>RaftKv__InitialMembers="node1=10.0.0.1:7001, node2=10.0.0.2:7001"</c>. In a list as in a text, a member may be
/// <c>node1=10.0.0.1:7001</c>. A text for the secrets is one secret.
/// </summary>
internal static class ConfiguredOptions
{
    private static readonly char[] Separators = [',', ';', ' ', '\t', '\r', '\n'];

    public static void Bind(IConfiguration section, RaftKvOptions options)
    {
        var members = options.InitialMembers.Count;
        section.Bind(options);
        // The generated code knows no members that are texts: all of them are read here.
        while (options.InitialMembers.Count > members)
            options.InitialMembers.RemoveAt(members);
        foreach (var member in Items(section.GetSection(nameof(RaftKvOptions.InitialMembers)), Member))
            options.InitialMembers.Add(member);
        // A value that was taken back by a later source is null.
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

    /// <summary>What is no member in full is found by the validation of the options.</summary>
    private static RaftKvMember Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? new RaftKvMember { NodeId = text }
            : new RaftKvMember { NodeId = text[..equals].Trim(), Address = text[(equals + 1)..].Trim() };
    }

    private static string[] Split(string? text) =>
        text?.Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}

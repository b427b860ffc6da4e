using System.Globalization;
using Spectre.Console;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>The members as a table: role, term, and how far each log is written, committed and applied.</summary>
internal static class MemberTable
{
    public static Table Draw(IReadOnlyList<(NodeProcess Node, NodeStats? Stats)> members)
    {
        var table = new Table().RoundedBorder().BorderColor(Color.Grey);
        table.AddColumns("Node", "Role");
        foreach (var number in new[] { "Term", "Log", "Committed", "Applied", "Keys", "Leader heard", "HTTP" })
            table.AddColumn(new TableColumn(number).RightAligned().NoWrap());
        foreach (var (node, stats) in members)
        {
            if (stats is null)
                table.AddRow(node.Name, node.IsRunning ? "[yellow]starting[/]" : "[red]dead[/]", "", "", "", "", "", "", Port(node));
            else
                table.AddRow(node.Name, Role(stats.State), Text(stats.Term), Text(stats.LastIndex), Text(stats.CommitIndex),
                    Text(stats.AppliedIndex), Text(stats.KeyCount), Contact(stats), Port(node));
        }
        return table;
    }

    /// <summary>The same on one line, for logs.</summary>
    public static string Line(IReadOnlyList<(NodeProcess Node, NodeStats? Stats)> members) =>
        string.Join("; ", members.Select(m => m.Stats is { } s
            ? $"{m.Node.Name} {s.State.ToLowerInvariant()} term {s.Term} committed {s.CommitIndex} applied {s.AppliedIndex}"
            : $"{m.Node.Name} {(m.Node.IsRunning ? "starting" : "dead")}"));

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Port(NodeProcess node) => ":" + node.Url.Port.ToString(CultureInfo.InvariantCulture);

    private static string Role(string state) => state switch
    {
        "Leader" => "[green]leader[/]",
        "Follower" => "follower",
        "Learner" => "[aqua]learner[/]",
        "Candidate" => "[yellow]candidate[/]",
        "Faulted" => "[red]faulted[/]",
        _ => $"[grey]{Markup.Escape(state.ToLowerInvariant())}[/]",
    };

    private static string Contact(NodeStats stats) => stats.State switch
    {
        "Leader" => "",
        _ when stats.LastContact.EndsWith("ms", StringComparison.Ordinal)
            && double.TryParse(stats.LastContact.AsSpan(0, stats.LastContact.Length - 2), CultureInfo.InvariantCulture, out var ms)
            => ms.ToString("N0", CultureInfo.InvariantCulture) + " ms ago",
        _ => Markup.Escape(stats.LastContact),
    };
}

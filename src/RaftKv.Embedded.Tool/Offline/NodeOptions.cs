using System.CommandLine;

namespace RaftKv.Embedded.Tool.Offline;

/// <summary>The options that name the node which a restore or a recovery creates.</summary>
internal sealed class NodeOptions
{
    private readonly Option<string> _to = new("--to") { Description = "Its data directory: empty, or made", Required = true };
    private readonly Option<string> _node = new("--node") { Description = "Its name, as in its options", Required = true };
    private readonly Option<string> _address = new("--address") { Description = "Where peers will reach it, host:port", Required = true };

    public void AddTo(Command command)
    {
        command.Add(_to);
        command.Add(_node);
        command.Add(_address);
    }

    public NodeTarget From(ParseResult parsed) =>
        new(parsed.GetRequiredValue(_to), parsed.GetRequiredValue(_node), parsed.GetRequiredValue(_address));
}

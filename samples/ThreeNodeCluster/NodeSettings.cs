using System.Globalization;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>The article's four environment variables.</summary>
internal sealed record NodeSettings(string NodeId, int HttpPort, int RaftPort, string DataDirectory)
{
    /// <summary>Values above this are refused by the sample's nodes: the most the library allows.</summary>
    public const int MaxValueBytes = 16 * 1024 * 1024;

    public static NodeSettings FromEnvironment()
    {
        var wrong = new List<string>();
        var settings = new NodeSettings(
            Text("RAFT_NODE_ID", "node1", wrong),
            Port("SERVER_PORT", "2221", wrong),
            Port("RAFT_PORT", "1111", wrong),
            Text("RAFT_VOL_DIR", "node_1_data", wrong));
        return wrong.Count == 0 ? settings : throw new StepFailedException(string.Join(Environment.NewLine, wrong));
    }

    private static string Text(string name, string example, List<string> wrong)
    {
        var value = Environment.GetEnvironmentVariable(name);
        if (string.IsNullOrWhiteSpace(value))
            wrong.Add($"Set the environment variable {name}, for example {name}={example}.");
        return value ?? "";
    }

    private static int Port(string name, string example, List<string> wrong)
    {
        var text = Text(name, example, wrong);
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536)
            return port;
        if (!string.IsNullOrWhiteSpace(text))
            wrong.Add($"{name}={text} is not a port: 1 to 65535.");
        return 0;
    }
}

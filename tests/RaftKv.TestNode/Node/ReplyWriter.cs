using System.Text.Json;
using RaftKv.TestNode.Protocol;

namespace RaftKv.TestNode.Node;

/// <summary>Writes each reply as one whole line, from any thread.</summary>
internal sealed class ReplyWriter(Stream output)
{
    private readonly Lock gate = new();

    public void Write(NodeReply reply)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(reply, NodeJson.Options);
        Array.Resize(ref line, line.Length + 1);
        line[^1] = (byte)'\n';
        lock (gate)
        {
            output.Write(line);
            output.Flush();
        }
    }
}

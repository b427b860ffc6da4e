using System.Text.Json;
using RaftKv.TestNode.Protocol;

namespace RaftKv.TestNode.Node;

/// <summary>
/// Reads commands on a thread of its own and runs each as it comes, so that many are outstanding. What needs no waiting is answered on
/// that thread: it works even while every thread of the pool is blocked.
/// </summary>
internal sealed class CommandLoop(NodeCommands commands, Stream input, ReplyWriter replies)
{
    private readonly TaskCompletionSource finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when stdin closes or the node was told to stop.</summary>
    public Task Finished => finished.Task;

    public void Start() => new Thread(Read) { IsBackground = true, Name = "commands" }.Start();

    private void Read()
    {
        using var lines = new StreamReader(input);
        while (lines.ReadLine() is { } line)
        {
            var request = JsonSerializer.Deserialize<NodeRequest>(line, NodeJson.Options)!;
            if (NodeCommands.IsImmediate(request.Op))
                replies.Write(RunImmediate(request));
            else
                _ = Task.Run(() => RunAsync(request));
        }

        finished.TrySetResult();
    }

    private NodeReply RunImmediate(NodeRequest request)
    {
        try
        {
            return NodeReply.Of(request.Id, commands.RunImmediate(request));
        }
        catch (Exception e)
        {
            return NodeReply.Failed(request.Id, e);
        }
    }

    private async Task RunAsync(NodeRequest request)
    {
        NodeReply reply;
        try
        {
            reply = NodeReply.Of(request.Id, await commands.RunAsync(request));
        }
        catch (Exception e)
        {
            reply = NodeReply.Failed(request.Id, e);
        }

        replies.Write(reply);
        if (commands.WasStopped)
            finished.TrySetResult();
    }
}

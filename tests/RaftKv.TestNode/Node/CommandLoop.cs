using System.Text.Json;
using RaftKv.TestNode.Protocol;

namespace RaftKv.TestNode.Node;

/// <summary>
/// Reads commands on its own thread and starts each as it arrives, so that many are outstanding. Commands that need no waiting are answered
/// on that thread: they work even while every thread of the pool is blocked.
/// </summary>
internal sealed class CommandLoop(NodeCommands commands, CallListener front, TextReader input, ReplyWriter replies)
{
    private readonly TaskCompletionSource<NodeRequest?> finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Completes with the request that ends the replica, or with <c>null</c> when stdin closes; after a stop, once everything that came
    /// from it is answered as well.
    /// </summary>
    public Task<NodeRequest?> Finished => finished.Task;

    public static NodeRequest Parse(string line) => JsonSerializer.Deserialize<NodeRequest>(line, NodeJson.Options)!;

    public void Start() => new Thread(Read) { IsBackground = true, Name = "commands" }.Start();

    private void Read()
    {
        // Not disposed: a call that hangs may end after this loop.
        var unanswered = new CountdownEvent(1);
        while (input.ReadLine() is { } line)
        {
            var request = Parse(line);
            if (request.Op == NodeRequest.End)
            {
                finished.TrySetResult(request);
                return;
            }
            if (NodeCommands.IsImmediate(request.Op))
            {
                replies.Write(RunImmediate(request));
                continue;
            }
            unanswered.AddCount();
            _ = Task.Run(async () =>
            {
                await RunAsync(request);
                unanswered.Signal();
            });
        }

        unanswered.Signal();
        if (commands.WasStopped)
            unanswered.Wait();
        finished.TrySetResult(null);
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
            reply = NodeReply.Of(request.Id, request.Op == "stop" ? await StopAsync(request) : await CallAsync(request));
        }
        catch (Exception e)
        {
            reply = NodeReply.Failed(request.Id, e);
        }

        replies.Write(reply);
    }

    private async Task<object?> StopAsync(NodeRequest request)
    {
        front.Drains = request.Drains;
        return await commands.RunAsync(request);
    }

    private async Task<object?> CallAsync(NodeRequest request)
    {
        if (!front.TryEnter())
            throw new CallsClosedException();
        try
        {
            return await commands.RunAsync(request);
        }
        finally
        {
            front.Leave();
        }
    }
}

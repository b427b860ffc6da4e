using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using RaftKv.Embedded;
using RaftKv.TestNode.Protocol;

namespace RaftKv.TestNode.Driver;

/// <summary>A running node: its process, its outstanding commands and its log.</summary>
public sealed class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(20);

    private readonly Process process;
    private readonly NodeLog log;
    private readonly Task exit;
    private readonly StreamWriter input;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement?>> waiting = new();
    private readonly TaskCompletionSource<JsonElement?> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock inputGate = new();
    private readonly Task output;
    private string nodeId;
    private long lastId;
    private volatile bool ended;
    private bool closed;
    private bool paused;

    private NodeProcess(string nodeId, Process process, string logPath)
    {
        this.nodeId = nodeId;
        this.process = process;
        ProcessId = process.Id;
        exit = process.WaitForExitAsync();
        input = process.StandardInput;
        waiting[0] = started;
        output = Task.Run(ReadRepliesAsync);
        log = new NodeLog(process.StandardError, logPath);
    }

    public int ProcessId { get; }

    /// <summary>
    /// Whether the process has ended. Valid after disposal too, because clients ask for it while another thread starts the node again.
    /// </summary>
    public bool HasExited => exit.IsCompleted;

    /// <summary>
    /// Starts the process, or takes one whose replica has ended, and waits until its host has started. Throws the error of a start that
    /// failed.
    /// </summary>
    public static async Task<NodeProcess> StartAsync(NodeProgram program, RaftKvOptions options, RaftKvBootstrap bootstrap, string logPath)
    {
        var json = JsonSerializer.SerializeToNode(options, NodeJson.Options)!;
        json["bootstrap"] = bootstrap.ToString();
        var used = program == NodeProgram.TestNode ? IdleProcesses.Take() : null;
        var node = used ?? new NodeProcess(options.NodeId, program.Start(json.ToJsonString()), logPath);
        try
        {
            if (used is null)
                await node.started.Task.WaitAsync(StartTimeout);
            else
                await node.StartAgainAsync(options.NodeId, json.ToJsonString(), logPath);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the replica, not the process. Returns <c>false</c> when the process cannot run another one.</summary>
    public async Task<bool> EndReplicaAsync()
    {
        if (HasExited || closed || paused)
            return false;
        try
        {
            await AskAsync<object>(new NodeRequest { Op = NodeRequest.End }, EndTimeout);
            await log.EndAsync().WaitAsync(EndTimeout);
            return !HasExited;
        }
        catch (Exception e) when (e is TimeoutException or NodeCallException or NodeDiedException or NodeDownException)
        {
            return false;
        }
    }

    private async Task StartAgainAsync(string name, string options, string logPath)
    {
        nodeId = name;
        log.Begin(logPath);
        await AskAsync<object>(new NodeRequest { Op = NodeRequest.Start, Options = options }, StartTimeout);
    }

    /// <summary>Sends a command and waits for its answer.</summary>
    /// <exception cref="NodeCallException">It failed in the node.</exception>
    /// <exception cref="NodeDiedException">The process ended first.</exception>
    /// <exception cref="TimeoutException">No answer: the node hangs.</exception>
    public async Task<T> AskAsync<T>(NodeRequest request, TimeSpan timeout)
        => (await AskAsync(request, timeout)) is { } result ? result.Deserialize<T>(NodeJson.Options)! : default!;

    private async Task<JsonElement?> AskAsync(NodeRequest request, TimeSpan timeout)
    {
        request = request with { Id = Interlocked.Increment(ref lastId) };
        var answer = new TaskCompletionSource<JsonElement?>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[request.Id] = answer;
        try
        {
            Send(request);
            if (ended)
                FailWaiting();
            return await answer.Task.WaitAsync(timeout);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{nodeId} did not answer '{request.Op}' within {timeout.TotalSeconds:0.#} s.");
        }
        finally
        {
            waiting.TryRemove(request.Id, out _);
        }
    }

    /// <summary>kill -9. Returns once the process is gone.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await exit;
        await output;
    }

    /// <summary>kill -STOP: the process is stopped, its sockets stay open.</summary>
    public void Pause()
    {
        paused = true;
        Signals.Send(ProcessId, Signals.Stop);
    }

    /// <summary>kill -CONT.</summary>
    public void Continue()
    {
        Signals.Send(ProcessId, Signals.Continue);
        paused = false;
    }

    /// <summary>Closes the input of the process: it answers the commands that it was given, and ends by itself.</summary>
    public Task EndAsync(TimeSpan timeout)
    {
        lock (inputGate)
        {
            closed = true;
            input.Close();
        }
        return exit.WaitAsync(timeout);
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await exit;
        await Task.WhenAll(output, log.Finished);
        process.Dispose();
    }

    private void Send(NodeRequest request)
    {
        var line = JsonSerializer.Serialize(request, NodeJson.Options);
        try
        {
            lock (inputGate)
            {
                if (closed)
                    throw new NodeDownException(nodeId);
                input.WriteLine(line);
                input.Flush();
            }
        }
        catch (IOException)
        {
            // The pipe is broken because the process has ended; the reader of its output fails all commands that wait.
        }
    }

    private async Task ReadRepliesAsync()
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            var reply = JsonSerializer.Deserialize<NodeReply>(line, NodeJson.Options)!;
            if (!waiting.TryRemove(reply.Id, out var answer))
                continue;
            if (reply.Error is { } error)
                answer.TrySetException(new NodeCallException(nodeId, error));
            else
                answer.TrySetResult(reply.Result);
        }

        ended = true;
        FailWaiting();
    }

    private void FailWaiting()
    {
        foreach (var answer in waiting.Values)
            answer.TrySetException(new NodeDiedException(nodeId));
    }
}

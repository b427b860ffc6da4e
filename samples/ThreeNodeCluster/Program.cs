using System.Runtime.InteropServices;
using RaftKv.Samples.ThreeNodeCluster;
using Spectre.Console;

const string Usage = """
    usage: ThreeNodeCluster                  start three nodes and walk through the article's six tests
           ThreeNodeCluster --interactive    a prompt on a cluster of three
           ThreeNodeCluster --load PATH      store a directory tree, kill the leader in the middle, verify every byte
           ThreeNodeCluster node             one node in this terminal, configured by SERVER_PORT, RAFT_NODE_ID, RAFT_PORT and RAFT_VOL_DIR
    """;

if (args is ["node", ..])
    return await NodeHost.RunAsync(isChild: args is [_, "--child"]);

// SIGINT (Ctrl-C), SIGHUP (a closed terminal) and SIGTERM end with the same clean-up; a second signal does not wait for it.
using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    signal.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
}
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);

try
{
    switch (args)
    {
        case []:
            return await Walkthrough.RunAsync(stop.Token);
        case ["--interactive"]:
            return await InteractiveCommand.RunAsync(stop.Token);
        case ["--load", var path]:
            return await LoadCommand.RunAsync(path, stop.Token);
        case ["--help" or "-h"]:
            Console.WriteLine(Usage);
            return 0;
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Stopped; every node is gone.");
    return 130;
}
catch (Exception e) when (e is StepFailedException or ApiException or HttpRequestException
    or TaskCanceledException { InnerException: TimeoutException })
{
    AnsiConsole.MarkupLineInterpolated($"[red]Failed:[/] {e.Message}");
    return 1;
}

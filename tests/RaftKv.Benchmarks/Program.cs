using System.Globalization;
using RaftKv.Benchmarks;
using RaftKv.Benchmarks.Micro;
using RaftKv.TestNode.Node;

// Prints one JSON object per line, in the same format as the measurements of the other systems.
switch (args.FirstOrDefault())
{
    case "cluster":
        await new ClusterBenchmark(Arguments.Parse(args[1..])).RunAsync();
        return 0;
    case "failover":
        await FailoverBenchmark.RunAsync(Arguments.Parse(args[1..]));
        return 0;
    case "start":
        await new StartBenchmark(Arguments.Parse(args[1..])).StartAsync();
        return 0;
    case "restart":
        await new StartBenchmark(Arguments.Parse(args[1..])).RestartAsync();
        return 0;
    case "expiry":
        await ExpiryBenchmark.RunAsync(Arguments.Parse(args[1..]));
        return 0;
    case "http":
        await HttpBenchmark.RunAsync(Arguments.Parse(args[1..]));
        return 0;
    case "http-server":
        await HttpServer.RunAsync(int.Parse(args[1], CultureInfo.InvariantCulture));
        return 0;
    case "growth":
        await new GrowthBenchmark(Arguments.Parse(args[1..])).RunAsync();
        return 0;
    case "reads":
        await new ReadsBenchmark(Arguments.Parse(args[1..])).RunAsync();
        return 0;
    case "scan":
        await new LocalBenchmark(Arguments.Parse(args[1..])).ScanAsync();
        return 0;
    case "watch":
        await new LocalBenchmark(Arguments.Parse(args[1..])).WatchAsync();
        return 0;
    case "churn":
        return await new ChurnBenchmark(Arguments.Parse(args[1..])).RunAsync() ? 0 : 1;
    case "snapshot":
        await new SnapshotBenchmark(Arguments.Parse(args[1..])).RunAsync();
        return 0;
    case "security":
        await new SecurityBenchmark(Arguments.Parse(args[1..])).RunAsync();
        return 0;
    case "digest":
        DigestBenchmark.Run(Arguments.Parse(args[1..]));
        return 0;
    case "pieces":
        Microbenchmarks.Run(args[1..]);
        return 0;
    case "limits":
        MachineLimits.Print();
        return 0;
    case "node":
        return await NodeHost.RunAsync(args[1]);
    default:
        Console.Error.WriteLine("""
            usage: dotnet run -c Release --project tests/RaftKv.Benchmarks -- <mode> [options]

            cluster    three processes on loopback, durable, with the load inside the leader's process and a follower's
                       [--callers 1,16,64,256] [--seconds 5] [--warmup 2] [--ops put,get,lease,stale,tryread,batch] [--from leader,follower]
                       [--keys 100000] [--value 100] [--batch 64] [--runs 1] [--nodes 3]
                       [--against SCRIPT]: in turns with another system, as docs/performance.md says; --runs is 5 then
            growth     what becomes of throughput, latency, memory, restarts and snapshots as one thing grows
                       [--over nodes,callers,value,keys] [--at 1,3,5,7] [--seconds 5] [--warmup 2]
            reads      TryRead and reads under the leader's lease, in turns with FASTER's own; one node in this process
                       [--keys 100000] [--value 100] [--seconds 5] [--warmup 2] [--rounds 5]
            failover   the leader goes, by kill -9 or silently by SIGSTOP, until the next successful write
                       [--how kill|silent] [--rounds 20] [--nodes 3]
            start      fresh processes until the first successful write
                       [--rounds 10] [--nodes 3]
            restart    one node, then all of them, killed and started again with --keys keys; what memory the keys take
                       [--keys 1000000] [--value 100] [--rounds 5] [--nodes 3]
            expiry     writes before and while 100,000 keys expire together
                       [--keys 100000] [--value 100] [--callers 16] [--nodes 3]
            http       the package's routes against bare endpoints of the same shape, as a ratio of requests per second
                       [--callers 1,16,64,256] [--seconds 5] [--warmup 2] [--rounds 10] [--value 100]
            scan       1,000 of --keys keys with their values, a count of all, the index's bytes per key; one node in this process
                       [--keys 1000000] [--value 100] [--seconds 5]
            watch      one write told to --callers watchers of its key, beside as many of other keys; one node in this process
                       [--callers 1000] [--value 100] [--seconds 5]
            churn      overwrites, deletes and keys that expire at a steady rate on much live data, while disk and memory are watched
                       [--minutes 30] [--live-mb 1024] [--budget-mb 256] [--rate 2000] [--callers 64] [--value 1024] [--nodes 3]
            snapshot   new nodes that are sent a large snapshot: alone, and killed half-way while others write
                       [--mb 2048] [--budget-mb 256] [--rate as many as there are] [--nodes 3]
            security   writes of peers that share a secret, or use TLS, in ratio to those of peers that do neither
                       [--callers 1,16,64,256] [--seconds 5] [--warmup 2] [--rounds 3] [--value 100] [--nodes 3]
            digest     what the comparison of copies costs each write, beside the store; one thread
                       [--seconds 5]
            pieces     codec, consensus, log, apply and reads one by one, with BenchmarkDotNet and its options
                       [--filter *Wal*]
            limits     what this machine's disk, loopback and store allow
            """);
        return 2;
}

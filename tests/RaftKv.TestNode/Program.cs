// One replica in a process of its own, driven over stdin and stdout. The only argument is its RaftKvOptions as JSON.
return await RaftKv.TestNode.Node.NodeHost.RunAsync(args[0]);

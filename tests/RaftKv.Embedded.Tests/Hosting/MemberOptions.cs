namespace RaftKv.Embedded.Tests.Hosting;

internal static class MemberOptions
{
    /// <summary>One of the members that listen on these ports of this machine, with a directory of its own.</summary>
    public static void BeOneOf(this RaftKvOptions options, int number, int[] ports, TestFolder folder, string name = "node")
    {
        options.Be(number, ports, folder, name);
        options.AddMembers(ports, name);
    }

    /// <summary>The nodes on these ports are the initial members.</summary>
    public static void AddMembers(this RaftKvOptions options, int[] ports, string name = "node")
    {
        for (var i = 1; i <= ports.Length; i++)
            options.InitialMembers.Add(new RaftKvMember { NodeId = $"{name}{i}", Address = $"127.0.0.1:{ports[i - 1]}" });
    }

    /// <summary>The same node by itself, which has yet to be added to a cluster.</summary>
    public static void Be(this RaftKvOptions options, int number, int[] ports, TestFolder folder, string name = "node")
    {
        options.NodeId = $"{name}{number}";
        options.DataDirectory = folder.Sub(options.NodeId);
        options.ListenAddress = $"127.0.0.1:{ports[number - 1]}";
        // Patient, so that a busy machine does not hold elections of its own.
        options.ElectionTimeout = TimeSpan.FromMilliseconds(500);
    }
}

namespace RaftKv.Embedded.Tests.Hosting;

internal static class MemberOptions
{
    /// <summary>Makes the options those of one of the initial members that listen on these ports of this machine.</summary>
    public static void BeOneOf(this RaftKvOptions options, int number, int[] ports, TestFolder folder, string name = "node")
    {
        options.Be(number, ports, folder, name);
        options.AddMembers(ports, name);
    }

    /// <summary>Makes the nodes on these ports the initial members.</summary>
    public static void AddMembers(this RaftKvOptions options, int[] ports, string name = "node")
    {
        for (var i = 1; i <= ports.Length; i++)
            options.InitialMembers.Add(new RaftKvMember { NodeId = $"{name}{i}", Address = $"127.0.0.1:{ports[i - 1]}" });
    }

    /// <summary>Makes the options those of the same node without initial members, which must be added to a cluster.</summary>
    public static void Be(this RaftKvOptions options, int number, int[] ports, TestFolder folder, string name = "node")
    {
        options.NodeId = $"{name}{number}";
        options.DataDirectory = folder.Sub(options.NodeId);
        options.ListenAddress = $"127.0.0.1:{ports[number - 1]}";
        // Longer than the default, so that pauses of a busy machine cause no elections.
        options.ElectionTimeout = TimeSpan.FromMilliseconds(500);
    }
}

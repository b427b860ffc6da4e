using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RaftKv.Embedded;
using RaftKv.Embedded.Http;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>One node: a web application with the store inside, and the article's HTTP routes in front.</summary>
internal static class NodeHost
{
    /// <param name="isChild">Started by this sample: ends when the standard input ends, so that no node outlives its parent.</param>
    public static async Task<int> RunAsync(bool isChild)
    {
        try
        {
            var settings = NodeSettings.FromEnvironment();
            await using var app = Build(settings);
            await app.StartAsync();
            Console.WriteLine($"{settings.NodeId}: HTTP http://localhost:{settings.HttpPort}, Raft localhost:{settings.RaftPort}, "
                + $"data {Path.GetFullPath(settings.DataDirectory)}");
            if (isChild)
                StopWithParent(app.Lifetime);
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine(e is StepFailedException ? e.Message : $"The node could not run: {e.Message}");
            return 1;
        }
    }

    private static WebApplication Build(NodeSettings settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddSimpleConsole(o => (o.SingleLine, o.TimestampFormat) = (true, "HH:mm:ss.fff "));
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // What keeps the node from starting is printed by RunAsync, once.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenLocalhost(settings.HttpPort);
            // A key of 4 KiB may take three characters for each of its bytes in a path.
            kestrel.Limits.MaxRequestLineSize = 16 * 1024;
        });
        builder.Services.AddRaftKv(o =>
        {
            o.NodeId = settings.NodeId;
            o.DataDirectory = settings.DataDirectory;
            o.ListenAddress = $"127.0.0.1:{settings.RaftPort}";
            // The node waits to be joined to another, or founds a cluster with its first write or the first join it is asked for.
            o.Bootstrap = RaftKvBootstrap.SingleNode;
            o.ElectionTimeout = TimeSpan.FromMilliseconds(500);
            o.HeartbeatInterval = TimeSpan.FromMilliseconds(50);
            o.MaxValueBytes = NodeSettings.MaxValueBytes;
        });
        var app = builder.Build();
        // Everything listens on the loopback interface of this machine only.
        app.MapRaftKv(o => o.AllowAnonymous = true);
        SampleEndpoints.Map(app);
        return app;
    }

    private static void StopWithParent(IHostApplicationLifetime lifetime)
    {
        var watch = new Thread(() =>
        {
            using var input = Console.OpenStandardInput();
            while (input.ReadByte() >= 0)
            {
            }
            lifetime.StopApplication();
        })
        { IsBackground = true, Name = "parent watch" };
        watch.Start();
    }
}

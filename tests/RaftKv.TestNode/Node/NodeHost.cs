using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using RaftKv.Embedded;
using RaftKv.TestNode.Protocol;

namespace RaftKv.TestNode.Node;

/// <summary>A generic host with one replica, as an application would have it; its log goes to stderr.</summary>
public static class NodeHost
{
    /// <summary>The host did not start; the reply with id 0 says why.</summary>
    public const int StartFailed = 3;

    public static async Task<int> RunAsync(string optionsJson)
    {
        var replies = new ReplyWriter(Console.OpenStandardOutput());
        IHost? host = null;
        try
        {
            host = Build(optionsJson);
            await host.StartAsync();
        }
        catch (Exception e)
        {
            host?.Dispose();
            replies.Write(NodeReply.Failed(0, e));
            return StartFailed;
        }

        using (host)
            await ServeAsync(host, replies);
        return 0;
    }

    private static async Task ServeAsync(IHost host, ReplyWriter replies)
    {
        var commands = new NodeCommands(
            host.Services.GetRequiredService<IDistributedKv>(), host.Services.GetRequiredService<IRaftKvCluster>(),
            host.Services.GetRequiredService<IRaftKvCoordination>(), host.StopAsync);
        var loop = new CommandLoop(commands, host.Services.GetRequiredService<Front>(), Console.OpenStandardInput(), replies);
        loop.Start();
        replies.Write(NodeReply.Of(0, "started"));
        await loop.Finished;
        if (!commands.WasStopped)
            await host.StopAsync(TimeSpan.FromSeconds(10));
    }

    private static IHost Build(string optionsJson)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(optionsJson)));
        builder.Services.AddSingleton<Front>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Front>());
        builder.Services.AddRaftKv(options => builder.Configuration.Bind(options));
        builder.Logging.SetMinimumLevel(Enum.Parse<LogLevel>(Environment.GetEnvironmentVariable("RAFTKV_LOG_LEVEL") ?? nameof(LogLevel.Information)));
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return builder.Build();
    }
}

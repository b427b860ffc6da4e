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
    /// <summary>The exit code when the host did not start; the reply with id 0 says why.</summary>
    public const int StartFailed = 3;

    /// <summary>Runs replicas, one after the other, until stdin closes: see <see cref="NodeRequest.Options"/>.</summary>
    public static async Task<int> RunAsync(string optionsJson)
    {
        var replies = new ReplyWriter(Console.OpenStandardOutput());
        using var input = new StreamReader(Console.OpenStandardInput());
        var start = new NodeRequest { Id = 0, Op = NodeRequest.Start, Options = optionsJson };
        while (start is not null)
        {
            if (await StartAsync(start, replies) is not { } host)
                return StartFailed;
            var end = await ServeAsync(host, input, start, replies);
            if (end is null)
                break;
            // The log is ended before the reply, so that it has all that the host logged.
            await Console.Error.WriteLineAsync(NodeRequest.EndOfLog);
            replies.Write(NodeReply.Of(end.Id, null));
            start = await input.ReadLineAsync() is { } line ? CommandLoop.Parse(line) : null;
        }
        return 0;
    }

    private static async Task<IHost?> StartAsync(NodeRequest request, ReplyWriter replies)
    {
        IHost? host = null;
        try
        {
            host = Build(request.Options!);
            await host.StartAsync();
            return host;
        }
        catch (Exception e)
        {
            host?.Dispose();
            replies.Write(NodeReply.Failed(request.Id, e));
            return null;
        }
    }

    /// <summary>Serves until stdin closes, or until the request that ends this replica and not the process.</summary>
    private static async Task<NodeRequest?> ServeAsync(IHost host, TextReader input, NodeRequest start, ReplyWriter replies)
    {
        await using var disposed = (IAsyncDisposable)host;
        var commands = new NodeCommands(
            host.Services.GetRequiredService<IDistributedKv>(), host.Services.GetRequiredService<IRaftKvCluster>(),
            host.Services.GetRequiredService<IRaftKvCoordination>(), host.Services.GetRequiredService<IRaftKvLeases>(), host.StopAsync);
        var loop = new CommandLoop(commands, host.Services.GetRequiredService<CallListener>(), input, replies);
        loop.Start();
        replies.Write(NodeReply.Of(start.Id, "started"));
        var end = await loop.Finished;
        if (end is null && !commands.WasStopped)
            await host.StopAsync(TimeSpan.FromSeconds(10));
        return end;
    }

    private static IHost Build(string optionsJson)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(optionsJson)));
        builder.Services.AddSingleton<CallListener>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CallListener>());
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

using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>The routes behind a real server on a free port of the loopback interface.</summary>
public sealed class HttpFixture : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HttpFixture(WebApplication app, MemoryKv kv)
    {
        _app = app;
        Kv = kv;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    internal MemoryKv Kv { get; }

    public HttpClient Client { get; }

    internal static WebApplication Build(MemoryKv? kv, ILoggerProvider? log = null, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (log is not null)
            builder.Logging.AddProvider(log);
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        if (kv is not null)
            builder.Services.AddSingleton<IDistributedKv>(kv).AddSingleton<IRaftKvCluster>(kv);
        builder.Services.Configure<RaftKvOptions>(o => (o.MaxKeyBytes, o.MaxValueBytes) = (64, 1024));
        configure?.Invoke(builder);
        return builder.Build();
    }

    internal static Task<HttpFixture> StartAsync(Action<IEndpointRouteBuilder>? map = null) =>
        StartAsync(_ => { }, app => (map ?? (routes => routes.MapRaftKv(o => o.AllowAnonymous = true)))(app));

    /// <param name="configure">The services of the app.</param>
    /// <param name="map">Its middlewares and routes.</param>
    /// <param name="log">Where it logs.</param>
    internal static async Task<HttpFixture> StartAsync(Action<WebApplicationBuilder> configure, Action<WebApplication> map, ILoggerProvider? log = null)
    {
        var kv = new MemoryKv();
        var app = Build(kv, log, configure);
        map(app);
        await app.StartAsync();
        return new HttpFixture(app, kv);
    }

    /// <summary>POST with the Content-Type of JSON.</summary>
    public async Task<(HttpStatusCode Status, string Body)> PostAsync(string path, string json)
    {
        using var answer = await Client.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Sends one request, with one more header where a name and a value are given.</summary>
    public async Task<HttpResponseMessage> SendAsync(string method, string path, HttpContent? content = null, string? header = null, string value = "")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = content };
        if (header is not null)
            request.Headers.TryAddWithoutValidation(header, value);
        return await Client.SendAsync(request);
    }

    public async Task<(HttpStatusCode Status, string Body)> GetAsync(string path)
    {
        using var answer = await Client.GetAsync(path);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Sends exactly this request line, which an HTTP client would normalize, and returns the whole answer.</summary>
    public async Task<string> SendRawAsync(string requestLine, string headers = "", string host = "localhost")
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(Client.BaseAddress!.Host, Client.BaseAddress.Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"{requestLine} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    /// <summary>Stops the server, and waits until it has.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}

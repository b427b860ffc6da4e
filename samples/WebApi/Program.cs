using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using RaftKv.Embedded;
using RaftKv.Embedded.Http;
using RaftKv.Samples.WebApi;

// A short-link service whose links live in the application itself, on every node. The article's four environment variables start it:
// SERVER_PORT, RAFT_NODE_ID, RAFT_PORT and RAFT_VOL_DIR. Every other option is in the configuration section RaftKv, for example
// RaftKv__ElectionTimeout.
var builder = WebApplication.CreateSlimBuilder(args);
var settings = builder.Configuration;
builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(settings.GetValue("SERVER_PORT", 2221)));
builder.Services.AddRaftKv(settings.GetSection(RaftKvOptions.SectionName));
builder.Services.Configure<RaftKvOptions>(o =>
{
    o.NodeId = settings.GetValue("RAFT_NODE_ID", "node1")!;
    o.ListenAddress = $"127.0.0.1:{settings.GetValue("RAFT_PORT", 1111)}";
    o.DataDirectory = settings.GetValue("RAFT_VOL_DIR", "node_1_data")!;
    // As in the article: the first node founds the cluster when it is asked to admit the second one, or with its first write. With Seeds or
    // InitialMembers in the configuration it does not.
    if (o.Bootstrap == RaftKvBootstrap.Auto && o.Seeds.Count + o.InitialMembers.Count == 0)
        o.Bootstrap = RaftKvBootstrap.SingleNode;
});
builder.Services.AddHealthChecks().AddRaftKv();
// The document at /openapi/v1.json, from which tools generate clients; in it numbers are only numbers, not strings as well.
builder.Services.ConfigureHttpJsonOptions(o => o.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);
builder.Services.AddOpenApi(ClientFriendlyDocument.Configure);

// What the node, the server and the runtime count, at /metrics in the text that Prometheus reads.
builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
    .AddMeter(RaftKvTelemetry.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
    .AddPrometheusExporter());

var app = builder.Build();

// Everything listens on the loopback interface of this machine only.
app.MapRaftKv(o => o.AllowAnonymous = true);
app.MapRaftKvDashboard(configure: o => o.AllowAnonymous = true);
app.MapHealthChecks("/healthz");
app.MapOpenApi();
app.MapPrometheusScrapingEndpoint();

// What the application is for: PUT /links/docs with the address as the body, then GET /docs on any node.
app.MapPut("/links/{name}", async (string name, HttpRequest request, IDistributedKv kv, CancellationToken cancellationToken) =>
{
    using var reader = new StreamReader(request.Body);
    var target = (await reader.ReadToEndAsync(cancellationToken)).Trim();
    if (target.Length > 2000 || !Uri.TryCreate(target, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        return Results.BadRequest("The body must be an http or https address.\n");
    await kv.SetAsync($"links/{name}", JsonSerializer.SerializeToUtf8Bytes(uri.AbsoluteUri), cancellationToken: cancellationToken);
    return Results.Text($"/{name} leads to {uri.AbsoluteUri}\n");
});

// Every redirect is read from this node's own copy: no other node is asked.
app.MapGet("/{name}", async (string name, IDistributedKv kv, CancellationToken cancellationToken) =>
{
    var link = await kv.GetAsync($"links/{name}", KvReadOptions.Stale, cancellationToken);
    return link.Found ? Results.Redirect(JsonSerializer.Deserialize<string>(link.Value.Span)!) : Results.NotFound();
});

app.Run();

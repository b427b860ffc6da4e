using System.Diagnostics;
using System.Globalization;
using System.Text;
using RaftKv.TestNode.Driver;

namespace RaftKv.Benchmarks;

/// <summary>
/// The cost of the package's routes: their requests per second in ratio to those of a bare minimal-API endpoint of the same shape in the
/// same process. The two are measured in turns, and the ratio is the median over the rounds, so that a temporary load of the machine
/// affects both.
/// </summary>
internal static class HttpBenchmark
{
    public static async Task RunAsync(Arguments arguments)
    {
        using var server = Start(arguments.ValueBytes);
        var port = int.Parse((await server.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        var value = Encoding.ASCII.GetBytes("\"" + new string('v', arguments.ValueBytes - 2) + "\"");
        (string Op, byte[] Ours, byte[] Bare)[] pairs =
        [
            ("GET /store/{key}", HttpLoad.Request("GET", $"/store/{HttpServer.Key}"), HttpLoad.Request("GET", $"/bare/store/{HttpServer.Key}")),
            ("GET /v1/kv/{key}?consistency=stale", HttpLoad.Request("GET", $"/v1/kv/{HttpServer.Key}?consistency=stale"), HttpLoad.Request("GET", $"/bare/kv/{HttpServer.Key}")),
            ("GET /v1/kv/{key}", HttpLoad.Request("GET", $"/v1/kv/{HttpServer.Key}"), HttpLoad.Request("GET", $"/bare/kv/{HttpServer.Key}")),
            ("PUT /v1/kv/{key}", HttpLoad.Request("PUT", $"/v1/kv/{HttpServer.Key}", value), HttpLoad.Request("PUT", $"/bare/kv/{HttpServer.Key}", value)),
        ];
        foreach (var (op, ours, bare) in pairs)
        {
            foreach (var callers in arguments.Callers)
            {
                using var ourLoad = new HttpLoad(server.Id, port, ours);
                using var bareLoad = new HttpLoad(server.Id, port, bare);
                await CompareAsync(op, ourLoad, bareLoad, callers, arguments);
            }
        }
        server.StandardInput.Close();
        await server.WaitForExitAsync();
    }

    private static async Task CompareAsync(string op, HttpLoad ours, HttpLoad bare, int callers, Arguments arguments)
    {
        await ours.RunAsync(callers, TimeSpan.FromSeconds(arguments.WarmUp));
        await bare.RunAsync(callers, TimeSpan.FromSeconds(arguments.WarmUp));
        var rounds = new List<(HttpLoad.Figures Ours, HttpLoad.Figures Bare)>();
        for (var i = 0; i < arguments.Rounds; i++)
            rounds.Add((await ours.RunAsync(callers, TimeSpan.FromSeconds(arguments.Seconds)), await bare.RunAsync(callers, TimeSpan.FromSeconds(arguments.Seconds))));
        new ResultLine
        {
            Op = op,
            Clients = callers,
            OpsPerS = Math.Round(Median(rounds.Select(r => r.Ours.PerSecond))),
            Durable = op.StartsWith("PUT", StringComparison.Ordinal),
            Runs = arguments.Rounds,
            Note = string.Create(CultureInfo.InvariantCulture, $"bare {Median(rounds.Select(r => r.Bare.PerSecond)):0}/s, ratio {Median(rounds.Select(r => r.Ours.PerSecond / r.Bare.PerSecond)):0.00}; "
                + $"the server's processor {Median(rounds.Select(r => r.Ours.CpuMicroseconds)):0.0} and {Median(rounds.Select(r => r.Bare.CpuMicroseconds)):0.0} us a request"),
        }.Print();
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2);

    private static Process Start(int valueBytes) => Process.Start(new ProcessStartInfo(NodeProgram.DotNet, ["exec", typeof(HttpBenchmark).Assembly.Location, "http-server", valueBytes.ToString(CultureInfo.InvariantCulture)])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;
}

using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace RaftKv.Benchmarks;

/// <summary>
/// A program that measures another system once and prints lines of the same shape as ours; docs/performance.md describes both. Environment
/// variables tell the program what to measure.
/// </summary>
internal sealed class PeerScript
{
    private readonly string _program;
    private readonly Arguments _arguments;

    /// <param name="path">The program, or a directory that holds it as <c>run.sh</c>.</param>
    public PeerScript(string path, Arguments arguments)
    {
        _program = Path.GetFullPath(Directory.Exists(path) ? Path.Combine(path, "run.sh") : path);
        if (!File.Exists(_program))
            throw new ArgumentException($"There is no program '{_program}' to measure against.");
        _arguments = arguments;
    }

    public async Task<IReadOnlyList<ResultLine>> RunAsync()
    {
        string Seconds(double seconds) => seconds.ToString(CultureInfo.InvariantCulture) + "s";
        var start = new ProcessStartInfo(_program) { RedirectStandardOutput = true };
        start.Environment["PEERS_RUNS"] = "1";
        start.Environment["PEERS_FAILOVERS"] = "0";
        start.Environment["PEERS_CLIENTS"] = string.Join(' ', _arguments.Callers);
        start.Environment["PEERS_DUR"] = Seconds(_arguments.Seconds);
        start.Environment["PEERS_WARM"] = Seconds(_arguments.WarmUp);
        start.Environment["PEERS_LOADN"] = _arguments.Keys.ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        var lines = new List<ResultLine>();
        while (await process.StandardOutput.ReadLineAsync() is { } text)
        {
            if (!text.StartsWith('{') || JsonSerializer.Deserialize<ResultLine>(text, ResultLine.Json) is not { } line)
                continue;
            line.Print();
            lines.Add(line);
        }
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"'{_program}' ended with {process.ExitCode}.");
        return lines;
    }
}

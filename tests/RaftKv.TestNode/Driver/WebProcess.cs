using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;

namespace RaftKv.TestNode.Driver;

/// <summary>A web application in a process of its own, which can be killed and started again.</summary>
/// <param name="name">Its name in errors.</param>
/// <param name="assembly">The built application: an assembly beside the tests, or the path of an executable.</param>
/// <param name="url">The address at which it answers.</param>
public sealed class WebProcess(string name, string assembly, Uri url) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<string> output = new();
    private Process? process;

    public bool IsRunning => process is not null;

    public int ProcessId => process!.Id;

    /// <summary>All that it has printed, earlier processes included.</summary>
    public string Output => string.Join('\n', output);

    public void Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var isAssembly = assembly.EndsWith(".dll", StringComparison.Ordinal);
        string[] words = isAssembly ? ["exec", Path.Combine(AppContext.BaseDirectory, assembly), .. arguments] : [.. arguments];
        var start = new ProcessStartInfo(isAssembly ? NodeProgram.DotNet : assembly, words)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (variable, value) in environment)
            start.Environment[variable] = value;
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Waits until a GET of this path succeeds, and its body is as <paramref name="holds"/> wants it.</summary>
    /// <exception cref="InvalidOperationException">The process ended, or did not answer within a minute; the message has what it
    /// printed.</exception>
    public async Task WaitUntilAsync(string path, CancellationToken cancellationToken, Predicate<string>? holds = null)
    {
        using var http = new HttpClient { BaseAddress = url, Timeout = Patience };
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(50, cancellationToken))
        {
            if (process!.HasExited || clock.Elapsed > Patience)
                throw new InvalidOperationException($"{name} does not answer {path}: {Output}");
            try
            {
                using var answer = await http.GetAsync(path, cancellationToken);
                if (answer.IsSuccessStatusCode && holds?.Invoke(await answer.Content.ReadAsStringAsync(cancellationToken)) is not false)
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or SocketException)
            {
                // Not listening yet. HttpClient throws a SocketException when a connection is reset as soon as it is made.
            }
        }
    }

    /// <summary>SIGTERM, as a container runtime sends it; returns when the process has ended by itself.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Signals.Send(process!.Id, Signals.Terminate);
        await process.WaitForExitAsync(cancellationToken).WaitAsync(Patience, cancellationToken);
        process.Dispose();
        process = null;
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (process is null)
            return;
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    public async ValueTask DisposeAsync() => await KillAsync();
}

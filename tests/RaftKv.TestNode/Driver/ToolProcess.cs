using System.Diagnostics;

namespace RaftKv.TestNode.Driver;

/// <summary>One run of the command <c>raftkv</c>, in a process of its own.</summary>
public sealed class ToolProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Task<byte[]> _output;
    private readonly Task<string> _errors;

    private ToolProcess(Process process)
    {
        _process = process;
        _output = ReadAsync(process.StandardOutput.BaseStream);
        _errors = process.StandardError.ReadToEndAsync();
    }

    public bool HasExited => _process.HasExited;

    /// <summary>Starts the tool, whose assembly is beside the tests.</summary>
    /// <param name="arguments">Its command line.</param>
    /// <param name="input">The content of its standard input.</param>
    /// <param name="environment">Variables in addition to those of this process.</param>
    public static ToolProcess Start(
        IEnumerable<string> arguments, byte[]? input = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(NodeProgram.DotNet, ["exec", Path.Combine(AppContext.BaseDirectory, "raftkv.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // A proxy of the machine must not stand between the tool and the loopback interface.
        start.Environment["NO_PROXY"] = "*";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.BaseStream.Write(input ?? []);
        process.StandardInput.Close();
        return new ToolProcess(process);
    }

    /// <summary>Starts the tool and waits for its end.</summary>
    public static async Task<ToolResult> RunAsync(params string[] arguments)
    {
        await using var tool = Start(arguments);
        return await tool.EndAsync();
    }

    /// <summary>Waits for its end.</summary>
    public async Task<ToolResult> EndAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(limit.Token);
        return new ToolResult(_process.ExitCode, await _output, await _errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes);
        return bytes.ToArray();
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>One page of Debian's Chromium, driven over the DevTools protocol, without anything from npm.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private readonly Process _process;
    private readonly DirectoryInfo _profile;
    private readonly ClientWebSocket _socket = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _calls = new();
    private readonly SemaphoreSlim _sending = new(1);
    private Task _receiving = Task.CompletedTask;
    private int _id;

    private Chromium(Process process, DirectoryInfo profile) => (_process, _profile) = (process, profile);

    public static string? Path => Places.FirstOrDefault(File.Exists);

    /// <summary>Errors of the page: exceptions, and errors on the console other than those of a lost connection.</summary>
    public ConcurrentQueue<string> Errors { get; } = new();

    public static async Task<Chromium> StartAsync(CancellationToken cancellationToken)
    {
        var profile = Directory.CreateTempSubdirectory("raftkv-chromium-");
        string[] arguments =
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--hide-scrollbars", "--remote-debugging-port=0", "--user-data-dir=" + profile.FullName, "about:blank",
        ];
        var process = Process.Start(new ProcessStartInfo(Path!, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        // The output is read and dropped, because a full pipe would block Chromium.
        process.ErrorDataReceived += static (_, _) => { };
        process.OutputDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var page = new Chromium(process, profile);
        try
        {
            await page.ConnectAsync(cancellationToken);
            return page;
        }
        catch
        {
            await page.DisposeAsync();
            throw;
        }
    }

    public async Task OpenAsync(string url)
    {
        await CallAsync("Page.navigate", new { url });
        await UntilAsync($"location.href === '{url}' && document.readyState === 'complete'");
    }

    /// <summary>The value of a JavaScript expression. If it is a promise, its result.</summary>
    public async Task<JsonElement> EvaluateAsync(string expression)
    {
        var answer = await CallAsync("Runtime.evaluate", new { expression, awaitPromise = true, returnByValue = true });
        if (answer.TryGetProperty("exceptionDetails", out var exception))
            throw new InvalidOperationException($"{expression}: {exception}");
        return answer.GetProperty("result").TryGetProperty("value", out var value) ? value : default;
    }

    /// <summary>Waits until an expression is true.</summary>
    public async Task UntilAsync(string expression)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (await EvaluateAsync($"!!({expression})") is { ValueKind: JsonValueKind.True })
                return;
            if (clock.Elapsed > Patience)
                throw new TimeoutException($"Still not true: {expression}. The page says: {await EvaluateAsync("document.body.innerText")}");
            await Task.Delay(50);
        }
    }

    public async Task LookAsync(string scheme, int width, int height)
    {
        await CallAsync("Emulation.setEmulatedMedia", new { features = new[] { new { name = "prefers-color-scheme", value = scheme } } });
        await CallAsync("Emulation.setDeviceMetricsOverride", new { width, height, deviceScaleFactor = 1, mobile = width < 500 });
    }

    /// <summary>Writes a screenshot of the whole page, for review by a person.</summary>
    public async Task ScreenshotAsync(string file)
    {
        await EvaluateAsync("scrollTo(0, 0)");
        var answer = await CallAsync("Page.captureScreenshot", new { format = "png", captureBeyondViewport = true });
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file, answer.GetProperty("data").GetBytesFromBase64());
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Helper processes of Chromium may write into the profile for a moment after their parent has ended.
        for (var i = 0; i < 20 && _profile.Exists; i++)
        {
            try
            {
                _profile.Delete(recursive: true);
            }
            catch (IOException)
            {
                await Task.Delay(50);
            }
            _profile.Refresh();
        }
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var file = System.IO.Path.Combine(_profile.FullName, "DevToolsActivePort");
        while (!File.Exists(file) || (await File.ReadAllLinesAsync(file, cancellationToken)).Length < 2)
        {
            if (_process.HasExited || clock.Elapsed > Patience)
                throw new InvalidOperationException("Chromium did not start.");
            await Task.Delay(50, cancellationToken);
        }
        using var http = new HttpClient();
        var port = (await File.ReadAllLinesAsync(file, cancellationToken))[0];
        var targets = await http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{port}/json/list", cancellationToken);
        var page = targets.EnumerateArray().First(t => t.GetProperty("type").GetString() == "page");
        await _socket.ConnectAsync(new Uri(page.GetProperty("webSocketDebuggerUrl").GetString()!), cancellationToken);
        _receiving = ReceiveAsync();
        foreach (var domain in new[] { "Page", "Runtime", "Log" })
            await CallAsync(domain + ".enable", new { });
    }

    private async Task<JsonElement> CallAsync(string method, object parameters)
    {
        var id = Interlocked.Increment(ref _id);
        var call = _calls[id] = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters }), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
        finally
        {
            _sending.Release();
        }
        return await call.Task.WaitAsync(Patience);
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        while (true)
        {
            var part = await _socket.ReceiveAsync(buffer, CancellationToken.None);
            message.Write(buffer, 0, part.Count);
            if (!part.EndOfMessage)
                continue;
            Dispatch(JsonDocument.Parse(message.ToArray()).RootElement);
            message.SetLength(0);
        }
    }

    private void Dispatch(JsonElement message)
    {
        if (message.TryGetProperty("id", out var id))
        {
            if (_calls.TryRemove(id.GetInt32(), out var call))
            {
                if (message.TryGetProperty("result", out var result))
                    call.SetResult(result);
                else
                    call.SetException(new InvalidOperationException(message.GetRawText()));
            }
            return;
        }
        var parameters = message.GetProperty("params");
        var isError = message.GetProperty("method").GetString() switch
        {
            "Runtime.exceptionThrown" => true,
            "Runtime.consoleAPICalled" => parameters.GetProperty("type").GetString() == "error",
            // Network errors are expected: some tests stop the node that the page talks to.
            "Log.entryAdded" => parameters.GetProperty("entry").GetProperty("level").GetString() == "error"
                && parameters.GetProperty("entry").GetProperty("source").GetString() != "network",
            _ => false,
        };
        if (isError)
            Errors.Enqueue(parameters.GetRawText());
    }
}

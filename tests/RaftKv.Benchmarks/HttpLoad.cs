using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RaftKv.Benchmarks;

/// <summary>
/// Sends one request repeatedly on many connections. Its bytes are made once, so that the client costs little and the server is measured.
/// </summary>
internal sealed class HttpLoad(int serverId, int port, byte[] request) : IDisposable
{
    private readonly List<Socket> _sockets = [];

    /// <param name="PerSecond">Answers per second over all connections.</param>
    /// <param name="CpuMicroseconds">Processor time of the server for each answer, in microseconds.</param>
    public readonly record struct Figures(double PerSecond, double CpuMicroseconds);

    public static byte[] Request(string method, string path, byte[]? body = null)
    {
        var head = $"{method} {path} HTTP/1.1\r\nHost: localhost\r\n" + (body is null ? "" : $"Content-Length: {body.Length}\r\n") + "\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. body ?? []];
    }

    /// <summary>
    /// Sends the request on each connection until the time is over. An answer other than 200 ends the measurement with an exception.
    /// </summary>
    public async Task<Figures> RunAsync(int connections, TimeSpan time)
    {
        while (_sockets.Count < connections)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, port);
            _sockets.Add(socket);
        }
        var cpu = ProcessUsage.CpuSeconds(serverId);
        var clock = Stopwatch.StartNew();
        var counts = await Task.WhenAll(_sockets.Select(socket => Task.Run(() => LoopAsync(socket, clock, time))));
        return new Figures(counts.Sum() / clock.Elapsed.TotalSeconds, (ProcessUsage.CpuSeconds(serverId) - cpu) * 1e6 / counts.Sum());
    }

    public void Dispose() => _sockets.ForEach(s => s.Dispose());

    private async Task<long> LoopAsync(Socket socket, Stopwatch clock, TimeSpan time)
    {
        var buffer = new byte[64 * 1024];
        var count = 0L;
        while (clock.Elapsed < time)
        {
            await socket.SendAsync(request);
            var length = 0;
            do
            {
                var read = await socket.ReceiveAsync(buffer.AsMemory(length));
                length = read == 0 ? throw new InvalidOperationException("The server closed the connection.") : length + read;
            }
            while (!IsWhole(buffer.AsSpan(0, length)));
            count++;
        }
        return count;
    }

    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        var head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return false;
        if (!answer.StartsWith("HTTP/1.1 200 "u8))
            throw new InvalidOperationException(Encoding.UTF8.GetString(answer));
        var field = "\r\nContent-Length: "u8;
        var at = answer[..head].IndexOf(field);
        if (at < 0)
            return answer.EndsWith("\r\n0\r\n\r\n"u8); // In chunks.
        var digits = answer[(at + field.Length)..];
        var length = int.Parse(digits[..digits.IndexOf((byte)'\r')], CultureInfo.InvariantCulture);
        return answer.Length == head + 4 + length;
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration.Power;

/// <summary>
/// A real ext4 on a drive whose power can be cut: <c>powerdisk.c</c> keeps every write in memory until the kernel has flushed it, and a cut
/// drops what was not flushed by sector, block, prefix or write. Without FUSE, loop devices, a compiler or the right to mount the test is
/// skipped, with the reason.
/// </summary>
public sealed class PowerDisk : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Lazy<(string Program, string Error)> Drive = new(Compile);

    private readonly string _root = TestDirectory.Create();
    private readonly int _megabytes;
    private Process? _process;
    private string _loop = "";
    private int _images;

    private PowerDisk(int megabytes) => _megabytes = megabytes;

    /// <summary>The mounted file system.</summary>
    public string Path => System.IO.Path.Combine(_root, "mnt");

    private string Fuse => System.IO.Path.Combine(_root, "fuse");

    private string Socket => System.IO.Path.Combine(_root, "drive.sock");

    private string Image => System.IO.Path.Combine(_root, $"{_images}.img");

    /// <summary>Creates an empty disk and attaches it; skips the test where that is not possible.</summary>
    public static async Task<PowerDisk> CreateAsync(int megabytes = 256)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The power of a drive can be cut on Linux only.");
        Assert.SkipUnless(File.Exists("/dev/fuse") && File.Exists("/dev/loop-control"), "There is no /dev/fuse or no /dev/loop-control here.");
        Assert.SkipUnless(Tool.Exists("mkfs.ext4") && Tool.Exists("losetup"), "There is no mkfs.ext4 or no losetup on the PATH.");
        Assert.SkipUnless(Drive.Value.Error.Length == 0, $"The drive cannot be compiled here (gcc and libfuse3-dev are needed): {Drive.Value.Error}");
        var disk = new PowerDisk(megabytes);
        try
        {
            Directory.CreateDirectory(disk.Path);
            Directory.CreateDirectory(disk.Fuse);
            disk.MakeImage();
            var error = await disk.TryAttachAsync();
            Assert.SkipUnless(error.Length == 0, $"FUSE, loop devices or mounts are not permitted here ({error}). Run as root to run this test.");
            return disk;
        }
        catch
        {
            await disk.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Cuts the power at this write or this flush, counted from now on; 0 is never. With <paramref name="afterFlush"/> the flush is done,
    /// and its caller gets no answer.
    /// </summary>
    public void CutAt(int write, int flush, bool afterFlush) =>
        Ask(string.Create(CultureInfo.InvariantCulture, $"arm {write} {flush} {(afterFlush ? 1 : 0)}"));

    public bool IsOff => Ask("stats").EndsWith(" 1", StringComparison.Ordinal);

    /// <summary>
    /// Cuts the power, kills the node on this disk, and attaches an image that the drive may have after the cut. Returns how the image was
    /// composed.
    /// </summary>
    /// <param name="chance">Chooses what is kept.</param>
    /// <param name="node">The node.</param>
    /// <param name="starting">Its start, if it has not ended yet.</param>
    public async Task<string> CutAsync(Random chance, ClusterNode node, Task? starting = null)
    {
        Ask("freeze");
        // A process that waits for the drive ends only when the drive is dead.
        var death = node.IsRunning ? node.KillAsync() : Task.CompletedTask;
        string[] modes = ["none", "all", "prefix", "prefix", "sector", "sector", "block", "write"];
        double[] shares = [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98];
        var (mode, share) = (modes[chance.Next(modes.Length)], shares[chance.Next(shares.Length)]);
        var old = Image;
        _images++;
        var composed = Ask(string.Create(CultureInfo.InvariantCulture, $"compose {mode} {share} {chance.Next()} {Image}"));
        Ask("die");
        await death.WaitAsync(Patience);
        if (starting is not null)
            await EndStartAsync(starting, node);
        Detach();
        File.Delete(old);
        Assert.Equal("", await TryAttachAsync());
        return $"{mode} {share}: {composed}";
    }

    public ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            try
            {
                Ask("die");
            }
            catch (SocketException)
            {
                // The process is ended below.
            }
        }
        Detach();
        TestDirectory.Delete(_root);
        return ValueTask.CompletedTask;
    }

    /// <summary>A start on the dead drive fails; a node whose start had succeeded is killed here.</summary>
    private static async Task EndStartAsync(Task starting, ClusterNode node)
    {
        try
        {
            await starting.WaitAsync(Patience);
        }
        catch (Exception e) when (e is NodeCallException or NodeDiedException or NodeDownException)
        {
            return;
        }
        if (node.IsRunning)
            await node.KillAsync();
    }

    private static (string Program, string Error) Compile()
    {
        var program = System.IO.Path.Combine(AppContext.BaseDirectory, "Power", "powerdisk");
        var source = program + ".c";
        // pkg-config names the paths of the headers, and the shell inserts them.
        var error = Tool.Try("sh", "-c", $"gcc -O2 -o '{program}' '{source}' $(pkg-config --cflags --libs fuse3) -lpthread");
        return (program, error);
    }

    private void MakeImage()
    {
        using (var file = File.Create(Image))
            file.SetLength(_megabytes * 1024L * 1024);
        Tool.Run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", Image);
    }

    private async Task<string> TryAttachAsync()
    {
        File.Delete(Socket);
        _process = Process.Start(new ProcessStartInfo(Drive.Value.Program, [Image, Socket, Fuse]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var file = System.IO.Path.Combine(Fuse, "disk");
        var waited = Stopwatch.StartNew();
        while (!File.Exists(file) || !File.Exists(Socket))
        {
            if (_process.HasExited || waited.Elapsed > Patience)
                return "the drive does not start";
            await Task.Delay(10);
        }
        using var losetup = Process.Start(new ProcessStartInfo("losetup", ["--direct-io=on", "-f", "--show", file]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _loop = (await losetup.StandardOutput.ReadToEndAsync()).Trim();
        await losetup.WaitForExitAsync();
        return _loop.Length == 0 ? "there is no loop device" : Tool.Try("mount", "-t", "ext4", _loop, Path);
    }

    private void Detach()
    {
        Unmount(Path);
        if (_loop.Length > 0)
            Tool.Try("losetup", "-d", _loop);
        _loop = "";
        Unmount(Fuse);
        if (_process is not { } process)
            return;
        if (!process.WaitForExit(TimeSpan.FromSeconds(5)))
            process.Kill();
        process.WaitForExit();
        process.Dispose();
        _process = null;
    }

    private static void Unmount(string path)
    {
        for (var attempt = 0; attempt < 50 && Tool.Try("mountpoint", "-q", path).Length == 0; attempt++)
        {
            if (Tool.Try("umount", path).Length == 0)
                return;
            Thread.Sleep(20);
        }
        Tool.Try("umount", "-l", path);
    }

    private string Ask(string command)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Socket));
        socket.ReceiveTimeout = (int)Patience.TotalMilliseconds;
        using var stream = new NetworkStream(socket);
        stream.Write(Encoding.UTF8.GetBytes(command + "\n"));
        using var reader = new StreamReader(stream);
        var answer = reader.ReadToEnd().Trim();
        Assert.False(answer.StartsWith("error", StringComparison.Ordinal), $"{command}: {answer}");
        return answer;
    }
}

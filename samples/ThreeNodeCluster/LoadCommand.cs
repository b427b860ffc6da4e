using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Spectre.Console;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>
/// Stores a directory tree through a follower, kills the leader with SIGKILL in the middle, restarts it, and compares every byte on every
/// node with the files.
/// </summary>
internal sealed class LoadCommand(Cluster cluster, SourceTree tree, IProgressLine progress, CancellationToken cancellationToken)
{
    private const int Callers = 16;

    private static readonly TimeSpan RetryFor = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, byte[]> _hashes = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private long _bytes, _retries, _changed, _lastVersion;
    private Failover? _failover;

    private ParallelOptions Parallelism => new() { MaxDegreeOfParallelism = Callers, CancellationToken = cancellationToken };

    private sealed record Failover(Leadership Before, Leadership After, TimeSpan UntilLeader, int FilesStored);

    /// <returns>0 when every byte is on every node.</returns>
    public static async Task<int> RunAsync(string path, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(path))
            throw new StepFailedException($"{path} is not a directory.");
        var tree = SourceTree.Read(path);
        if (tree.Files.Count == 0)
            throw new StepFailedException($"There is no file to store below {path}.");

        await using var cluster = new Cluster();
        AnsiConsole.MarkupLineInterpolated($"Starting three nodes for {tree.Files.Count:N0} files, {Megabytes(tree.TotalBytes)}");
        await cluster.FormAsync(cancellationToken);
        return await IProgressLine.RunAsync(
            progress => new LoadCommand(cluster, tree, progress, cancellationToken).LoadAndVerifyAsync(path));
    }

    private async Task<Func<int>> LoadAndVerifyAsync(string path)
    {
        var elapsed = Stopwatch.StartNew();
        var through = await cluster.FollowerAsync(cancellationToken);
        await StoreAllAsync(through);
        var stored = elapsed.Elapsed;

        var wrong = new List<string>();
        foreach (var node in cluster.Nodes)
            await VerifyAsync(node, wrong);
        return () => Summarize(path, through, stored, elapsed.Elapsed, wrong);
    }

    private async Task StoreAllAsync(NodeProcess through)
    {
        progress.Begin($"storing through {through.Name}", tree.Files.Count);
        var count = 0;
        var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var killing = KillLeaderAsync(half.Task, through, () => Volatile.Read(ref count));
        await Parallel.ForEachAsync(tree.Files, Parallelism, async (file, _) =>
        {
            await StoreAsync(through, file);
            progress.Advance();
            if (Interlocked.Increment(ref count) == (tree.Files.Count + 1) / 2)
                half.SetResult();
        });
        await killing;
    }

    private async Task StoreAsync(NodeProcess through, SourceFile file)
    {
        byte[] bytes;
        try
        {
            bytes = await File.ReadAllBytesAsync(file.FullPath, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            tree.Skip(file, "unreadable: " + e.Message);
            return;
        }
        if (bytes.Length > NodeSettings.MaxValueBytes)
        {
            tree.Skip(file, "larger than 16 MiB by now");
            return;
        }
        var version = await RetryAsync(() => cluster.Client.PutRawAsync(through, file.Key, bytes, cancellationToken), file.Key);
        lock (_lock)
        {
            _hashes[file.Key] = SHA256.HashData(bytes);
            _bytes += bytes.Length;
            _lastVersion = Math.Max(_lastVersion, version);
        }
    }

    private async Task KillLeaderAsync(Task half, NodeProcess through, Func<int> filesStored)
    {
        await half.WaitAsync(cancellationToken);
        var before = await cluster.LeadershipAsync(cancellationToken);
        if (before.Leader == through.Name)
        {
            // The point is to lose the leader while the node that serves the callers lives.
            await cluster.Client.TransferAsync(through, null, cancellationToken);
            before = await cluster.LeadershipAsync(cancellationToken);
        }
        var leader = cluster[before.Leader];
        var stored = filesStored();
        progress.Note($"kill -9 {leader.Name}, the leader, after {stored:N0} files");
        var watched = Stopwatch.StartNew();
        await leader.KillAsync();
        var after = await cluster.LeadershipAsync(cancellationToken);
        _failover = new Failover(before, after, watched.Elapsed, stored);
        progress.Note($"{after} after {watched.ElapsedMilliseconds:N0} ms; {leader.Name} starts again");
        await cluster.StartAsync(leader, cancellationToken);
    }

    private async Task VerifyAsync(NodeProcess node, List<string> wrong)
    {
        progress.Begin($"verifying {node.Name}", _hashes.Count);
        // Reads the node's own copy, once it has applied the last write: no other node takes part in the answer.
        await RetryAsync(async () =>
        {
            await cluster.Client.GetRawAsync(node, _hashes.Keys.First(), _lastVersion, cancellationToken);
            return 0L;
        }, node.Name);
        var files = tree.Files.Where(f => _hashes.ContainsKey(f.Key));
        await Parallel.ForEachAsync(files, Parallelism, async (file, _) =>
        {
            var copy = await cluster.Client.GetRawAsync(node, file.Key, 0, cancellationToken);
            if (await ProblemAsync(file, copy) is { } problem)
            {
                lock (_lock)
                    wrong.Add($"{node.Name}: {file.Key} {problem}");
            }
            progress.Advance();
        });
        var keys = (await cluster.Client.TryStatsAsync(node, cancellationToken))?.KeyCount;
        if (keys != _hashes.Count)
            wrong.Add($"{node.Name} has {keys:N0} keys and not {_hashes.Count:N0}");
    }

    private async Task<string?> ProblemAsync(SourceFile file, byte[]? copy)
    {
        if (copy is null)
            return "is missing";
        byte[] now = [];
        try
        {
            now = await File.ReadAllBytesAsync(file.FullPath, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The file is gone: the copy is compared with its hash below.
        }
        if (copy.AsSpan().SequenceEqual(now))
            return null;
        if (!SHA256.HashData(copy).AsSpan().SequenceEqual(_hashes[file.Key]))
            return $"differs ({copy.Length:N0} bytes on the node)";
        Interlocked.Increment(ref _changed); // The file changed, not the copy.
        return null;
    }

    /// <summary>
    /// Repeats a call that was not served. Repeating after "outcome unknown" is safe here because the same bytes are written under the same
    /// key.
    /// </summary>
    private async Task<long> RetryAsync(Func<Task<long>> call, string what)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await call();
            }
            catch (ApiException e) when (e.Status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
                or HttpStatusCode.TooManyRequests)
            {
                if (waited.Elapsed > RetryFor)
                    throw new StepFailedException($"{what}: {e.Message}", e);
                Interlocked.Increment(ref _retries);
                await Task.Delay(RetryAfter, cancellationToken);
            }
        }
    }

    private int Summarize(string path, NodeProcess through, TimeSpan stored, TimeSpan total, List<string> wrong)
    {
        var table = new Table().RoundedBorder().BorderColor(Color.Grey).HideHeaders().AddColumns("", "");
        void Row(string name, string value) => table.AddRow(new Text(name), new Text(value));
        Row("Stored", $"{_hashes.Count:N0} files below {path}, {Megabytes(_bytes)}, through {through.Name} in "
            + $"{stored.TotalSeconds:0.0} s ({Megabytes((long)(_bytes / stored.TotalSeconds))}/s, "
            + $"{_hashes.Count / stored.TotalSeconds:N0} files/s)");
        if (_failover is { } failover)
            Row("Leader killed", $"{failover.Before} after {failover.FilesStored:N0} files; "
                + $"{failover.After} {failover.UntilLeader.TotalMilliseconds:N0} ms later; {_retries:N0} calls repeated");
        Row("Skipped", tree.Skipped.Count == 0 ? "nothing" : $"{tree.Skipped.Count:N0} files");
        Row("Verified", $"{_hashes.Count:N0} files on each of {cluster.Nodes.Count} nodes, every byte: "
            + $"{(wrong.Count == 0 ? "equal" : $"{wrong.Count:N0} DIFFERENCES")}");
        if (_changed > 0)
            Row("", $"{_changed:N0} comparisons by SHA-256: the files changed on disk meanwhile");
        Row("Time", string.Create(CultureInfo.InvariantCulture, $"{total.TotalSeconds:0.0} s"));
        AnsiConsole.Write(table);
        foreach (var (key, why) in tree.Skipped.Take(20))
            Console.WriteLine($"skipped {key}: {why}");
        if (tree.Skipped.Count > 20)
            Console.WriteLine($"and {tree.Skipped.Count - 20:N0} more");
        foreach (var line in wrong.Take(20))
            Console.WriteLine(line);
        AnsiConsole.MarkupLine(wrong.Count == 0 ? "[green]Every byte is on every node.[/]" : "[red]Failed: the copies differ.[/]");
        return wrong.Count == 0 ? 0 : 1;
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:N1} MB");
}

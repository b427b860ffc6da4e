using RaftKv.TestNode.Protocol;

namespace RaftKv.TestNode.Driver;

/// <summary>Copies what a process writes to stderr into a file; into another one for each replica that the process runs.</summary>
internal sealed class NodeLog
{
    private readonly TextReader _lines;
    private readonly SemaphoreSlim _ended = new(0);
    private StreamWriter _file;

    public NodeLog(TextReader lines, string path)
    {
        _lines = lines;
        _file = Open(path);
        Finished = Task.Run(CopyAsync);
    }

    /// <summary>Completes when the process has closed its stderr.</summary>
    public Task Finished { get; }

    /// <summary>Completes when all that the replica logged is in the file.</summary>
    public Task EndAsync() => _ended.WaitAsync();

    /// <summary>Begins the file of the next replica. The last one has ended and logs nothing.</summary>
    public void Begin(string path)
    {
        _file.Dispose();
        Volatile.Write(ref _file, Open(path));
    }

    private static StreamWriter Open(string path) => new(path, append: true) { AutoFlush = true };

    private async Task CopyAsync()
    {
        while (await _lines.ReadLineAsync() is { } line)
        {
            if (line == NodeRequest.EndOfLog)
                _ended.Release();
            else
                await Volatile.Read(ref _file).WriteLineAsync(line);
        }
        await _file.DisposeAsync();
    }
}

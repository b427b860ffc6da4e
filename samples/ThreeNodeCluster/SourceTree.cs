using System.Text;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>A file and the key it is stored under: its path relative to the root, with slashes.</summary>
internal sealed record SourceFile(string FullPath, string Key);

/// <summary>The files below a directory, and those that are left out, with the reason.</summary>
internal sealed class SourceTree
{
    private const int MaxKeyBytes = 4096;

    private readonly List<SourceFile> _files = [];
    private readonly List<(string Key, string Why)> _skipped = [];

    public IReadOnlyList<SourceFile> Files => _files;

    public long TotalBytes { get; private set; }

    public IReadOnlyList<(string Key, string Why)> Skipped => _skipped;

    public static SourceTree Read(string root)
    {
        var tree = new SourceTree();
        // Links are not followed and not stored: they may lead out of the tree, or form a loop.
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            IgnoreInaccessible = true,
            AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Device,
        };
        foreach (var file in new DirectoryInfo(root).EnumerateFiles("*", options))
        {
            var key = Path.GetRelativePath(root, file.FullName).Replace(Path.DirectorySeparatorChar, '/');
            if (file.Length > NodeSettings.MaxValueBytes)
                tree._skipped.Add((key, $"{file.Length:N0} bytes, and a value has at most {NodeSettings.MaxValueBytes:N0}"));
            else if (Encoding.UTF8.GetByteCount(key) > MaxKeyBytes)
                tree._skipped.Add((key, $"its path has more than {MaxKeyBytes:N0} bytes"));
            else
                tree.Add(file, key);
        }
        return tree;
    }

    public void Skip(SourceFile file, string why)
    {
        lock (_skipped)
            _skipped.Add((file.Key, why));
    }

    private void Add(FileInfo file, string key)
    {
        _files.Add(new SourceFile(file.FullName, key));
        TotalBytes += file.Length;
    }
}

using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration.Support;

/// <summary>
/// A file system of a given size in memory, to be filled or turned read-only. Needs the right to mount; without it the test is skipped.
/// </summary>
public sealed class MountedDirectory : IDisposable
{
    private MountedDirectory(string path) => Path = path;

    public string Path { get; }

    public static MountedDirectory Mount(int megabytes, string options = "")
    {
        var mounted = TryMount(megabytes, out var error, options);
        if (mounted is null)
            Assert.Skip($"A file system of limited size cannot be mounted here ({error}). Run as root to run this test.");
        return mounted;
    }

    public static MountedDirectory? TryMount(int megabytes, out string error, string options = "")
    {
        var path = TestDirectory.Create();
        error = Tool.Try("mount", "-t", "tmpfs", "-o", $"size={megabytes}m{(options.Length > 0 ? "," : "")}{options}", "tmpfs", path);
        if (error.Length == 0)
            return new MountedDirectory(path);
        TestDirectory.Delete(path);
        return null;
    }

    public void MakeReadOnly() => Tool.Run("mount", "-o", "remount,ro", Path);

    public void Dispose()
    {
        Tool.Try("umount", "-l", Path);
        TestDirectory.Delete(Path);
    }
}

using System.Diagnostics;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration.Support;

/// <summary>A file system of a given size in memory, to be filled or turned read-only. Needs the right to mount; without it the test is skipped.</summary>
public sealed class MountedDirectory : IDisposable
{
    private MountedDirectory(string path) => Path = path;

    public string Path { get; }

    public static MountedDirectory Mount(int megabytes)
    {
        var path = TestDirectory.Create();
        if (Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", path) is { Length: > 0 } error)
        {
            TestDirectory.Delete(path);
            Assert.Skip($"A file system of limited size cannot be mounted here ({error}). Run as root to run this test.");
        }

        return new MountedDirectory(path);
    }

    public void MakeReadOnly() => Assert.Equal("", Run("mount", "-o", "remount,ro", Path));

    public void Dispose()
    {
        Run("umount", "-l", Path);
        TestDirectory.Delete(Path);
    }

    /// <summary>What went wrong; nothing if it worked.</summary>
    private static string Run(string program, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? "" : $"{program}: {error.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"{program}: {e.Message}";
        }
    }
}

using System.Diagnostics;
using Xunit;

namespace RaftKv.Integration.Support;

/// <summary>Programs of the system that a test needs.</summary>
public static class Tool
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static bool Exists(string name)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin").Any(d => File.Exists(Path.Combine(d, name)));

    /// <summary>Runs a program to its end. Returns the error, or an empty text if it succeeded.</summary>
    public static string Try(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            var error = process.StandardError.ReadToEndAsync();
            process.StandardOutput.ReadToEnd();
            if (!process.WaitForExit(Patience))
                return $"{program}: no end";
            return process.ExitCode == 0 ? "" : $"{program} {string.Join(' ', arguments)}: {error.GetAwaiter().GetResult().Trim()}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"{program}: {e.Message}";
        }
    }

    public static void Run(string program, params string[] arguments) => Assert.Equal("", Try(program, arguments));
}

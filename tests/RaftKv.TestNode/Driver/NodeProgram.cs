using System.Diagnostics;
using System.Runtime.InteropServices;

namespace RaftKv.TestNode.Driver;

/// <summary>What to run for a node: a built assembly, and the arguments in front of the options.</summary>
public sealed record NodeProgram(string Assembly, params string[] Words)
{
    /// <summary>The test node. Its assembly is in the directory of the program that references it.</summary>
    public static NodeProgram TestNode { get; } = new(Path.Combine(AppContext.BaseDirectory, "RaftKv.TestNode.dll"));

    /// <summary>
    /// A command with its arguments that starts the node, for example in another network namespace. Empty: the node is started directly.
    /// </summary>
    public IReadOnlyList<string> Launcher { get; init; } = [];

    /// <summary>Environment variables of the node in addition to those of this process.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The <c>dotnet</c> that runs this process.</summary>
    public static string DotNet { get; } = FindDotNet();

    public Process Start(string optionsJson)
    {
        var start = new ProcessStartInfo(Launcher.Count > 0 ? Launcher[0] : DotNet)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var word in (string[])[.. Launcher.Skip(1), .. Launcher.Count > 0 ? [DotNet] : Array.Empty<string>(), "exec", Assembly, .. Words, optionsJson])
            start.ArgumentList.Add(word);
        start.Environment["DOTNET_gcServer"] = "0";
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException($"{Assembly} did not start.");
    }

    private static string FindDotNet()
    {
        // The runtime lies at <root>/shared/Microsoft.NETCore.App/<version>/.
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var program = Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
        return File.Exists(program) ? program : "dotnet";
    }
}

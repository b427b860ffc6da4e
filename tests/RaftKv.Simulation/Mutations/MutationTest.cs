using System.Diagnostics;

namespace RaftKv.Simulation.Mutations;

/// <summary>
/// Shows that the net has no holes: every bug of the <see cref="Catalogue"/> is planted in a copy of the sources, which is built and hunted in a process of its own until a seed finds it. A
/// planted bug that fits the sources no more, or is not found, is a failure.
/// </summary>
internal sealed class MutationTest(Arguments arguments)
{
    private readonly string _copy = Directory.CreateTempSubdirectory("raftkv-mutations-").FullName;

    public int Run()
    {
        var only = arguments.List("--only");
        var mutations = Catalogue.All.Where(m => only.Count == 0 || only.Contains(m.Name)).ToList();
        try
        {
            CopySources();
            // Before hours of hunting: does everything still fit?
            var unfit = mutations.SelectMany(m => m.Edits.Where(e => !Fits(e)).Select(e => $"'{m.Name}' fits no single place in {e.File} any more")).ToList();
            unfit.ForEach(Console.WriteLine);
            if (unfit.Count > 0)
                return 2;
            Execute("restore", Project, "-v", "q");
            Console.WriteLine("| planted bug | what is wrong | found by | seeds |");
            Console.WriteLine("| --- | --- | --- | ---: |");
            return mutations.Count(m => !IsFound(m)) == 0 ? 0 : 1;
        }
        finally
        {
            Directory.Delete(_copy, recursive: true);
        }
    }

    private bool IsFound(Mutation mutation)
    {
        var originals = mutation.Edits.Select(e => PathOf(e.File)).Distinct().ToDictionary(path => path, File.ReadAllText);
        try
        {
            foreach (var edit in mutation.Edits)
                File.WriteAllText(PathOf(edit.File), File.ReadAllText(PathOf(edit.File)).Replace(edit.Find, edit.Replace, StringComparison.Ordinal));
            var build = Execute("build", Project, "--no-restore", "-c", "Release", "-v", "q", "-nologo", "-p:TreatWarningsAsErrors=false", "-p:RunAnalyzers=false", "-p:UseSharedCompilation=true");
            if (build.Code != 0)
                throw new InvalidOperationException($"'{mutation.Name}' does not build:\n{build.Output}");
            var hunt = Execute(Path.Combine(_copy, "tests/RaftKv.Simulation/bin/Release/net10.0/RaftKv.Simulation.dll"), "--seeds", arguments.Text("--seeds", "20000"), "--failures", "1");
            // "seed 17 fails after 18 seeds: Election safety: ..."
            var found = hunt.Output.Split('\n').FirstOrDefault(line => line.Contains(" fails after ", StringComparison.Ordinal))?.Split(' ', 7);
            Console.WriteLine($"| {mutation.Name} | {mutation.What} | {(found is null ? "**nothing**" : NameOf(found[6]))} | {found?[4] ?? "-"} |");
            return found is not null;
        }
        finally
        {
            foreach (var (path, text) in originals)
                File.WriteAllText(path, text);
        }
    }

    /// <summary>The invariant; of a replica that stopped itself also why.</summary>
    private static string NameOf(string failure)
    {
        var parts = failure.TrimEnd().Split(':', 2);
        return parts is ["No fault without a cause", var why] ? $"the replica's own check:{why}" : parts[0];
    }

    private string Project => Path.Combine(_copy, "tests/RaftKv.Simulation/RaftKv.Simulation.csproj");

    private string PathOf(string file) => Path.Combine(_copy, "src/RaftKv.Embedded", file);

    private bool Fits(Edit edit)
    {
        var text = File.ReadAllText(PathOf(edit.File));
        var at = text.IndexOf(edit.Find, StringComparison.Ordinal);
        return at >= 0 && text.IndexOf(edit.Find, at + 1, StringComparison.Ordinal) < 0;
    }

    private void CopySources()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "RaftKv.sln")))
            root = root.Parent ?? throw new DirectoryNotFoundException("Mutations need the sources: run from within the repository.");
        foreach (var file in root.EnumerateFiles())
            file.CopyTo(Path.Combine(_copy, file.Name));
        foreach (var below in (string[])["src/RaftKv.Embedded", "tests/RaftKv.Simulation", "tests/RaftKv.Embedded.Tests/Storage", "tests/RaftKv.Embedded.Tests/StateMachine", "tests/RaftKv.Integration/Linearizability"])
            Copy(new DirectoryInfo(Path.Combine(root.FullName, below)), Path.Combine(_copy, below));
    }

    private static void Copy(DirectoryInfo from, string to)
    {
        if (from.Name is "bin" or "obj")
            return;
        Directory.CreateDirectory(to);
        foreach (var file in from.EnumerateFiles())
            file.CopyTo(Path.Combine(to, file.Name));
        foreach (var below in from.EnumerateDirectories())
            Copy(below, Path.Combine(to, below.Name));
    }

    private static (int Code, string Output) Execute(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}

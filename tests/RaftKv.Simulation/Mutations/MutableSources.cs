using System.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace RaftKv.Simulation.Mutations;

/// <summary>
/// The sources of the product, to be compiled again and again with one bug at a time. They are built once as usual, in a copy, to get the
/// files of their source generators; from then on only the files that differ are parsed again.
/// </summary>
internal sealed class MutableSources : IDisposable
{
    private const string Project = "src/RaftKv.Embedded";

    // The generator of the configuration binding replaces calls by interceptors.
    private static readonly CSharpParseOptions ParseOptions = new CSharpParseOptions(LanguageVersion.Latest)
        .WithFeatures([new("InterceptorsNamespaces", "Microsoft.Extensions.Configuration.Binder.SourceGeneration")]);

    private readonly DirectoryInfo _copy = Directory.CreateTempSubdirectory("raftkv-mutations-");
    private readonly CSharpCompilation _compilation;

    public MutableSources()
    {
        foreach (var file in Root.EnumerateFiles())
            file.CopyTo(Path.Combine(_copy.FullName, file.Name));
        Copy(Product, PathOf(""));
        Build();
        _compilation = CSharpCompilation.Create("RaftKv.Embedded", Files().Select(Parse), References(),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
    }

    /// <summary>The directory of the product's sources.</summary>
    public static DirectoryInfo Product => new(Path.Combine(Root.FullName, Project));

    private static DirectoryInfo Root
    {
        get
        {
            var root = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(root.FullName, "RaftKv.sln")))
                root = root.Parent ?? throw new DirectoryNotFoundException("Mutations need the sources: run from within the repository.");
            return root;
        }
    }

    public bool Fits(Edit edit) => edit.Fits(File.ReadAllText(PathOf(edit.File)));

    /// <summary>The assembly of the product with a bug in it.</summary>
    public byte[] Compile(Mutation mutation)
    {
        var compilation = _compilation;
        foreach (var edits in mutation.Edits.GroupBy(e => e.File))
        {
            var text = edits.Aggregate(File.ReadAllText(PathOf(edits.Key)), (text, edit) => text.Replace(edit.Find, edit.Replace, StringComparison.Ordinal));
            var tree = compilation.SyntaxTrees.Single(t => t.FilePath == PathOf(edits.Key));
            compilation = compilation.ReplaceSyntaxTree(tree, CSharpSyntaxTree.ParseText(text, ParseOptions, tree.FilePath));
        }
        using var assembly = new MemoryStream();
        var result = compilation.Emit(assembly);
        if (!result.Success)
            throw new InvalidOperationException($"'{mutation.Name}' does not compile: {string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(5))}");
        return assembly.ToArray();
    }

    public void Dispose() => _copy.Delete(recursive: true);

    private string PathOf(string file) => Path.Combine(_copy.FullName, Project, file);

    private void Build()
    {
        using var build = Process.Start(new ProcessStartInfo("dotnet", ["build", PathOf("RaftKv.Embedded.csproj"), "-c", "Release", "-v", "q", "-nologo", "-p:RunAnalyzers=false", "-p:EmitCompilerGeneratedFiles=true"])
        {
            RedirectStandardOutput = true,
        })!;
        var output = build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        if (build.ExitCode != 0)
            throw new InvalidOperationException($"The sources do not build as they are:\n{output}");
    }

    private IEnumerable<string> Files() => Directory.EnumerateFiles(PathOf(""), "*.cs", SearchOption.AllDirectories).Where(f => !f.StartsWith(PathOf("bin"), StringComparison.Ordinal));

    private static SyntaxTree Parse(string path) => CSharpSyntaxTree.ParseText(File.ReadAllText(path), ParseOptions, path);

    // The assemblies that this process itself runs on.
    private static IEnumerable<MetadataReference> References() => ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        .Where(path => Path.GetFileName(path) is var name && !name.StartsWith("RaftKv.", StringComparison.Ordinal) && name != "System.Linq.Async.dll")
        .Select(path => MetadataReference.CreateFromFile(path));

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
}

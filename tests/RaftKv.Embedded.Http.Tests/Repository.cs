namespace RaftKv.Embedded.Http.Tests;

/// <summary>The checkout in which the tests run.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Artifact(string name) => Path.Combine(Root, "artifacts", name);

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "RaftKv.sln")))
            directory = directory.Parent ?? throw new InvalidOperationException("The tests do not run below the repository.");
        return directory.FullName;
    }
}

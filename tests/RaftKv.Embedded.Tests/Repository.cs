namespace RaftKv.Embedded.Tests;

/// <summary>
/// The sources that the tests were built from. They are searched for from the output folder upwards, because a reproducible build does not
/// know its path.
/// </summary>
internal static class Repository
{
    public static string PathOf(params string[] below)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "RaftKv.sln")))
            root = root.Parent ?? throw new DirectoryNotFoundException("The tests run outside of the repository.");
        return Path.Combine([root.FullName, .. below]);
    }
}

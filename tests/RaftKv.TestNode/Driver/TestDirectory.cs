namespace RaftKv.TestNode.Driver;

/// <summary>Temporary directories on a real disk: <c>/tmp</c> is memory on many machines, where an fdatasync costs nothing.</summary>
public static class TestDirectory
{
    private static string Base => Environment.GetEnvironmentVariable("RAFTKV_TEST_DIR")
        ?? (Directory.Exists("/var/tmp") ? "/var/tmp" : Path.GetTempPath());

    public static string Create()
        => Directory.CreateDirectory(Path.Combine(Base, "raftkv-tests", Guid.NewGuid().ToString("n"))).FullName;

    public static void Delete(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }
}

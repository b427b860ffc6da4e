using Xunit;

namespace RaftKv.Embedded.Tests.Formats;

/// <summary>Files with the bytes of released formats. <c>RAFTKV_REWRITE=1</c> overwrites them, which changes a released format.</summary>
internal static class GoldenFile
{
    public static byte[] Read(string name) => File.ReadAllBytes(PathOf(name));

    public static void Holds(string name, byte[] bytes)
    {
        if (Environment.GetEnvironmentVariable("RAFTKV_REWRITE") == "1")
            File.WriteAllBytes(PathOf(name), bytes);
        Assert.Equal(Read(name), bytes);
    }

    private static string PathOf(string name) => Repository.PathOf("tests", "RaftKv.Embedded.Tests", "Formats", name);
}

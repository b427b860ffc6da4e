using RaftKv.Testing;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Takes several ports at once, see <see cref="Ports"/>.</summary>
internal static class FreePorts
{
    public static int[] Take(int count) => [.. Enumerable.Range(0, count).Select(_ => Ports.Take())];
}

using Xunit;

namespace RaftKv.Embedded.Tests;

/// <summary>Bounded waits on a condition.</summary>
internal static class Eventually
{
    public static void Holds(Func<bool> condition, string what, int seconds = 60)
    {
        Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(seconds)), $"not in {seconds} s: {what}");
    }
}

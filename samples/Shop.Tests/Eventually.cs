using Xunit;

namespace RaftKv.Samples.Shop.Tests;

/// <summary>Waits until a condition holds, for a minute at most.</summary>
internal static class Eventually
{
    public static async Task<T> IsAsync<T>(Func<Task<T>> read, Func<T, bool> holds)
    {
        for (var i = 0; ; i++)
        {
            var value = await read();
            if (holds(value))
                return value;
            Assert.True(i < 1_200, $"It did not happen within a minute. The last value is {value}.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}

using RaftKv.Embedded.Primitives;
using Xunit;

namespace RaftKv.Embedded.Tests.Primitives;

/// <summary>A shortage of descriptors, memory or threads is retried. Every other error, and a shortage that lasts, is thrown.</summary>
public sealed class ResourceRetryTests
{
    private const int NoMemory = 12, TooManyFilesOnMachine = 23, TooManyFiles = 24, InputOutput = 5;

    [Theory]
    [InlineData(NoMemory)]
    [InlineData(TooManyFilesOnMachine)]
    [InlineData(TooManyFiles)]
    public void A_shortage_that_passes_is_no_error(int error)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "These are error numbers of Unix.");
        var left = 3;

        Assert.Equal(7, new ResourceRetry().Run(() => left-- > 0 ? throw OsErrors.From(error, "open", "a file") : 7));

        Assert.Equal(-1, left);
    }

    [Fact]
    public void Another_error_is_one_at_once()
    {
        var asked = 0;
        Assert.Throws<RaftKvStorageException>(() => new ResourceRetry().Run<int>(() =>
        {
            asked++;
            throw OsErrors.From(InputOutput, "open", "a file");
        }));
        Assert.Equal(1, asked);
    }

    [Fact]
    public void A_shortage_that_lasts_is_an_error_after_the_limit()
    {
        Assert.Throws<OutOfMemoryException>(() => new ResourceRetry(TimeSpan.FromMilliseconds(50)).Run<int>(() => throw new OutOfMemoryException()));
    }

    [Fact]
    public void Nothing_is_waited_for_once_it_was_stopped()
    {
        var retry = new ResourceRetry(TimeSpan.FromDays(1));
        var asked = 0;

        Assert.Throws<OutOfMemoryException>(() => retry.Run<int>(() =>
        {
            if (++asked == 3)
                retry.Stop();
            throw new OutOfMemoryException();
        }));

        Assert.Equal(3, asked);
    }
}

using RaftKv.Embedded.Node;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>A write has one outcome, which its caller receives.</summary>
public sealed class WriteOperationTests
{
    private static readonly KvWriteResult Result = new(true, new KvVersion(7));

    private int _released;

    [Fact]
    public async Task The_first_outcome_counts()
    {
        var write = New();
        var waiting = write.Start(CancellationToken.None);

        Assert.False(write.IsCompleted);
        Assert.True(write.TryComplete(Result));
        Assert.False(write.TryFail(new InvalidOperationException()));
        Assert.False(write.TryComplete(default));

        Assert.True(write.IsCompleted);
        Assert.Equal(Result, await waiting);
    }

    [Fact]
    public async Task An_error_reaches_the_caller()
    {
        var write = New();
        var waiting = write.Start(CancellationToken.None);

        Assert.True(write.TryFail(new InvalidOperationException("why")));

        Assert.Equal("why", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await waiting)).Message);
    }

    [Fact]
    public async Task Cancelling_ends_the_wait_and_a_later_outcome_changes_nothing()
    {
        using var cancel = new CancellationTokenSource();
        var write = New();
        var waiting = write.Start(cancel.Token);

        await cancel.CancelAsync();

        Assert.False(write.TryComplete(Result));
        var error = await Assert.ThrowsAsync<OperationCanceledException>(async () => await waiting);
        Assert.Equal(cancel.Token, error.CancellationToken);
    }

    [Fact]
    public async Task A_token_cancelled_before_ends_it_at_once()
    {
        var write = New();

        var waiting = write.Start(new CancellationToken(canceled: true));

        Assert.True(write.IsCompleted);
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await waiting);
    }

    [Fact]
    public void Its_bytes_are_given_back_once_and_its_command_is_let_go()
    {
        var write = New();
        write.Start(CancellationToken.None);

        write.TryComplete(Result);
        write.TryFail(new InvalidOperationException());

        Assert.Equal(3, _released);
        Assert.True(write.Command.IsEmpty);
    }

    [Fact]
    public async Task The_caller_goes_on_somewhere_else_than_on_the_completing_thread()
    {
        var write = New();
        var continued = ContinueAsync(write.Start(CancellationToken.None));
        var completer = new Thread(() => write.TryComplete(Result));
        completer.Start();

        Assert.NotEqual(completer.ManagedThreadId, await continued);

        static async Task<int> ContinueAsync(ValueTask<KvWriteResult> waiting)
        {
            await waiting.ConfigureAwait(false);
            return Environment.CurrentManagedThreadId;
        }
    }

    private WriteOperation New() => new([1, 2, 3], deadline: 0, bytes => _released += bytes);
}

using System.Collections.Concurrent;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>An operation is reused only when neither its caller nor the replica needs it any more.</summary>
public sealed class WriteOperationPoolTests
{
    private static readonly KvWriteResult Done = new(true, new KvVersion(7));

    private readonly WriteOperationPool _pool = new(static _ => { });

    [Fact]
    public async Task A_write_is_used_again_when_its_caller_has_the_outcome_and_the_replica_has_let_go()
    {
        var write = _pool.Take(3, deadline: 0);
        var waiting = write.Start(CancellationToken.None);
        write.TryComplete(Done);

        write.Release();
        Assert.NotSame(write, _pool.Take(3, deadline: 0));
        Assert.Equal(Done, await waiting);
        var next = _pool.Take(5, deadline: 9);

        Assert.Same(write, next);
        Assert.False(next.IsCompleted);
        Assert.Equal((5, 9L, 0L, 0), (next.Command.Length, next.Deadline, next.Sequence, next.Attempts));
    }

    [Fact]
    public async Task A_write_that_failed_is_not_used_again()
    {
        var write = _pool.Take(3, deadline: 0);
        var waiting = write.Start(CancellationToken.None);

        write.TryFail(new InvalidOperationException());
        write.Release();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await waiting);

        Assert.NotSame(write, _pool.Take(3, deadline: 0));
    }

    [Fact]
    public void A_write_that_was_never_started_is_used_again_at_once()
    {
        var write = _pool.Take(3, deadline: 0);

        write.Return();

        Assert.Same(write, _pool.Take(3, deadline: 0));
    }

    [Fact]
    public async Task An_outcome_is_given_once_and_a_wait_for_an_earlier_one_is_refused()
    {
        var write = _pool.Take(3, deadline: 0);
        var waiting = write.Start(CancellationToken.None);
        write.TryComplete(Done);

        await waiting;
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await waiting);
        write.Release();
        Assert.Same(write, _pool.Take(3, deadline: 0));

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await waiting);
    }

    /// <summary>
    /// Threads as in a replica: one sends, and one answers each write twice, as after a retry. Some of the callers cancel their waits.
    /// </summary>
    [Fact]
    public async Task No_answer_ever_reaches_another_write()
    {
        const int callers = 8;
        const int rounds = 4_000;
        var (pending, inbox, log) = (new PendingWrites(), new BlockingCollection<WriteOperation>(), new BlockingCollection<long>());
        var sender = new Thread(() =>
        {
            foreach (var write in inbox.GetConsumingEnumerable())
            {
                var command = write.Command;
                if (command.IsEmpty)
                    continue;
                pending.Add(write);
                // The answer carries the number that the caller wrote into its command.
                log.Add(write.Sequence << 32 | BitConverter.ToUInt32(command.Span));
                _ = pending.Low;
                pending.ReleaseCompleted();
            }
            log.CompleteAdding();
        });
        var applier = new Thread(() =>
        {
            var last = 0L;
            foreach (var entry in log.GetConsumingEnumerable())
            {
                Answer(pending, entry);
                Answer(pending, last);
                last = entry;
            }
        });
        sender.Start();
        applier.Start();

        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            for (var round = 0; round < rounds; round++)
            {
                var write = _pool.Take(sizeof(int), deadline: 0);
                var told = (caller * rounds) + round + 1;
                BitConverter.TryWriteBytes(write.Command.Span, told);
                using var impatience = new CancellationTokenSource();
                var waiting = write.Start(round % 5 == 0 ? impatience.Token : CancellationToken.None);
                inbox.Add(write);
                if (round % 5 == 0)
                    await impatience.CancelAsync();
                try
                {
                    Assert.Equal(told, (await waiting).Version.Value);
                }
                catch (OperationCanceledException)
                {
                    Assert.Equal(0, round % 5);
                }
            }
        }))).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        inbox.CompleteAdding();
        sender.Join();
        applier.Join();
    }

    private static void Answer(PendingWrites pending, long entry) =>
        pending.Find(entry >> 32)?.Answer(new ApplyResult(ApplyStatus.Applied, 1, entry >> 32, entry & uint.MaxValue));
}

using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Tests.Formats;
using Xunit;
using static RaftKv.Embedded.Tests.StateMachine.Transactions;

namespace RaftKv.Embedded.Tests.StateMachine;

/// <summary>The encoding of transactions, and which transactions are refused.</summary>
public sealed class TransactionCommandTests
{
    private static TransactionCommand Everything { get; } = new()
    {
        If =
        [
            Is(KvCompareTarget.Version, "a", KvRelation.Equal, 5),
            Is(KvCompareTarget.CreateVersion, "b", KvRelation.NotEqual, 6),
            All(KvCompareTarget.WriteCount, "c", "", KvRelation.Less, 7),
            ValueIs("d", KvRelation.Greater, "value"),
            Is(KvCompareTarget.Lease, "e", KvRelation.Equal, -1),
        ],
        Then = [Put("f", "v"), Put("g", ""), Delete("h"), DeleteRange("i", "j"), Get("k"), Add("l", -2)],
        Else = [Get("f")],
    };

    private static TransactionCommand Extended { get; } = Do(
        Add("a", new IncrementBody(-2, Initial: 100)),
        Add("b", new IncrementBody(1, Lifetime: new KvLifetime(false, TimeToLiveMs: 60_000, SlidingMs: 1_000))),
        Add("c", 1));

    [Fact]
    public void A_transaction_survives_the_encoding()
    {
        Assert.True(TransactionCommand.TryRead(Body(Everything), extended: false, out var read));

        Assert.Equal(Body(Everything), Body(read!));
        Assert.Equal((5, 6, 1), (read!.If.Length, read.Then.Length, read.Else.Length));
    }

    [Fact]
    public void The_format_is_the_released_one() => GoldenFile.Holds("transaction-v1.bin", Everything.Command(7, 12, acknowledgedBelow: 9));

    [Fact]
    public void The_format_of_extended_transactions_is_the_released_one() =>
        GoldenFile.Holds("extended-transaction-v1.bin", Extended.Command(7, 12, acknowledgedBelow: 9));

    /// <summary>An older member would take it for malformed, so a separate operation shows the feature level.</summary>
    [Fact]
    public void An_operation_of_a_higher_feature_level_stands_in_an_extended_transaction_only()
    {
        var command = Extended.Command(2, 1);
        Assert.Equal(
            (FeatureLevels.IncrementLifetimes, FeatureLevels.Transactions),
            (KvCommand.FeatureLevelOf(command), KvCommand.FeatureLevelOf(Everything.Command(2, 1))));
        Assert.Equal(ApplyStatus.Applied, Apply(command).Status);

        command[1] = (byte)KvOperation.Transaction;
        Assert.Equal(ApplyStatus.Malformed, Apply(command).Status);
    }

    [Fact]
    public void Whatever_the_bytes_are_they_are_applied_or_refused_and_nothing_throws()
    {
        foreach (var valid in (byte[][])[Everything.Command(2, 1), Extended.Command(2, 1)])
        {
            for (var length = 0; length < valid.Length; length++)
                Assert.Equal(ApplyStatus.Malformed, Apply(valid[..length]).Status);
            for (var at = KvCommand.HeaderBytes; at < valid.Length; at++)
            {
                foreach (var value in (byte[])[0, 1, 2, 5, 6, 7, 127, 128, 255])
                {
                    var bytes = valid.ToArray();
                    bytes[at] = value;
                    Apply(bytes);
                }
            }
        }
        var random = new Prng(3);
        for (var i = 0; i < 50_000; i++)
        {
            var body = new byte[random.Below(60)];
            for (var at = 0; at < body.Length; at++)
                body[at] = (byte)(random.Below(3) == 0 ? random.Below(256) : random.Below(4));
            TransactionCommand.TryRead(body, extended: true, out _);
        }
    }

    [Fact]
    public void Counts_that_the_body_cannot_have_allocate_nothing()
    {
        byte[][] bodies = [[255, 255, 255, 255, 255, 255], [0, 4, 0, 4, 0, 4, 0, 0, 0, 0]];
        foreach (var body in bodies)
        {
            Assert.False(TransactionCommand.TryRead(body, extended: true, out _));
            var before = GC.GetAllocatedBytesForCurrentThread();
            TransactionCommand.TryRead(body, extended: true, out _);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000);
        }
    }

    [Fact]
    public void A_key_written_twice_by_one_branch_is_refused()
    {
        AssertTwice(1, Put("a", "1"), Delete("a"));
        AssertTwice(2, Put("a", "1"), Get("a"), Add("a", 1));
        AssertTwice(1, DeleteRange("a", "c"), Put("b", "1"));
        AssertTwice(1, Put("b", "1"), DeleteRange("a", "c"));
        AssertTwice(1, DeleteRange("a", "c"), DeleteRange("b", "d"));
        AssertTwice(1, DeleteRange("b", ""), Put("z", "1"));
        AssertTwice(2, DeleteRange("a", "a"), Put("a", "1"), Delete("a"));
        AssertTwice(-1, DeleteRange("a", "c"), Put("c", "1"), Put("a0", "1") with { Kind = TransactionOperationKind.Get, Body = default });
        AssertTwice(-1, DeleteRange("a", "a"), Put("a", "1"), DeleteRange("c", "b"), Put("b", "1"));
        Assert.Equal(ApplyStatus.Malformed, Apply(Do(Put("a", "1"), Put("a", "2")).Command(2, 1)).Status);
    }

    [Fact]
    public void A_log_may_hold_256_operations_and_not_one_more()
    {
        var many = Enumerable.Range(0, KvTransaction.MaxOperations + 1).Select(i => Put($"k{i}", "v")).ToArray();

        Assert.Equal(ApplyStatus.Applied, Apply(Do(many[1..]).Command(2, 1)).Status);
        Assert.Equal(ApplyStatus.Malformed, Apply(Do(many).Command(2, 1)).Status);
    }

    private static void AssertTwice(int at, params TransactionOperation[] branch) => Assert.Equal(at, TransactionCommand.FindKeyWrittenTwice(branch));

    private static ApplyResult Apply(byte[] command)
    {
        var log = new Entries(new KvStateMachine(new DictionaryKvStore()));
        log.Open();
        log.Open();
        return log.Apply(command);
    }

    private static byte[] Body(TransactionCommand transaction) => KvCommand.WriteTransaction(transaction)[KvCommand.HeaderBytes..];
}

using System.Text;
using RaftKv.Embedded.Tests.Hosting;
using Xunit;

namespace RaftKv.Embedded.Tests.Documentation;

/// <summary>The documented code for transactions is compiled, works, and equals the pages.</summary>
public sealed class TransactionsPageTests
{
    [Fact]
    public void The_pages_show_this_code() => DocumentedCode.IsThatOf("TransactionsPageTests.cs", "Transactions");

    [Fact]
    public async Task It_does_what_it_says()
    {
        using var folder = new TestFolder();
        await using var node = await TestNode.StartAsync(o => o.DataDirectory = folder.Path);
        var kv = node.Kv;
        await kv.SetAsync("alice", "100"u8.ToArray(), cancellationToken: TestContext.Current.CancellationToken);
        await kv.SetAsync("bob", "1"u8.ToArray(), cancellationToken: TestContext.Current.CancellationToken);

#pragma warning disable xUnit1051 // The README has no token.
        // DOCS: Transactions
        KvGetResult alice = await kv.GetAsync("alice");
        var transfer = new KvTransaction().If(KvCompare.Version("alice", KvRelation.Equal, alice.Version), KvCompare.Exists("bob"));
        transfer.Then.Increment("alice", -30).Increment("bob", 30).Get("bob");
        transfer.Else.Get("alice");
        KvTransactionResult moved = await kv.CommitAsync(transfer);
        // moved.Succeeded says which branch it was; moved.Results has what its operations gave, in their order.

        long visits = await kv.IncrementAsync("visits");                       // the number's decimal text; counted by the cluster, so without a race
        // A rate window: the first call creates the key for a minute, the calls after it count in that minute.
        var window = new KvIncrementOptions { TimeToLive = TimeSpan.FromMinutes(1) };
        long calls = await kv.IncrementAsync("rate/alice", 1, window);
        KvWriteResult first = await kv.TryCreateAsync("owner", "me"u8.ToArray());
        KvWriteResult swapped = await kv.CompareAndSwapAsync("owner", "me"u8.ToArray(), "you"u8.ToArray());
        KvWriteResult both = await kv.SetManyAsync([new("a", "1"u8.ToArray()), new("b", "2"u8.ToArray())]);
        // end
#pragma warning restore xUnit1051

        Assert.True(moved.Succeeded);
        Assert.Equal([70, 31], moved.Results.Take(2).Select(r => r.Number));
        Assert.Equal("31", Encoding.UTF8.GetString(moved.Results[2].Read.Value.Span));
        Assert.Equal((1, 1), (visits, calls));
        Assert.NotNull((await kv.GetAsync("rate/alice", cancellationToken: TestContext.Current.CancellationToken)).ExpiresAt);
        Assert.True(first.Applied && swapped.Applied && both.Applied);
    }
}

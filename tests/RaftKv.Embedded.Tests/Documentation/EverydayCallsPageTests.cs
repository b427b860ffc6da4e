using RaftKv.Embedded.Tests.Hosting;
using Xunit;
using static RaftKv.Embedded.Tests.Documentation.WatchPageTests;

namespace RaftKv.Embedded.Tests.Documentation;

/// <summary>The documented code for everyday calls is compiled, works, and equals the page.</summary>
public sealed class EverydayCallsPageTests
{
    [Fact]
    public void The_page_shows_this_code() => DocumentedCode.IsThatOf("EverydayCallsPageTests.cs", "Everyday calls");

    [Fact]
    public async Task It_does_what_it_says()
    {
        using var folder = new TestFolder();
        await using var node = await TestNode.StartAsync(o => o.DataDirectory = folder.Path);
        var kv = node.Kv;

#pragma warning disable xUnit1051 // The page has no token.
        // DOCS: Everyday calls
        await kv.SetAsync("color", "green");                                             // text as UTF-8; "green"u8 without a copy of your own
        var many = await kv.GetManyAsync(["color", "size"]);                             // up to 256 keys, all as of one version
        string? color = many["color"].GetString();

        KvWriteResult created = await kv.TryCreateAsync("size", "10"u8.ToArray());       // Applied is false when the key exists
        KvWriteResult changed = await kv.TryUpdateAsync("size", "11"u8.ToArray(), created.Version);
        KvWriteResult removed = await kv.TryDeleteAsync("size", changed.Version);

        KvValue<User> older = await kv.UpdateJsonAsync("users/eve", eve => new User("Eve", (eve?.Age ?? 0) + 1), AppJson.Default.User);
        long deleted = await kv.DeletePrefixAsync("users/");                             // in transactions of up to 1,000 keys
        // end
#pragma warning restore xUnit1051

        Assert.Equal("green", color);
        Assert.True(created.Applied && changed.Applied && removed.Applied);
        Assert.Equal(new User("Eve", 1), older.Value);
        Assert.Equal(1, deleted);
    }
}

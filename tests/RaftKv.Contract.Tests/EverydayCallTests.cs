using System.Text;
using System.Text.Json;
using RaftKv.Contract.Tests.Fakes;
using RaftKv.Embedded;
using Xunit;

namespace RaftKv.Contract.Tests;

/// <summary>Convenience calls that are made of the basic calls (text, JSON, conditions, updates, prefixes), on a store in memory.</summary>
public sealed class EverydayCallTests
{
    private readonly IDistributedKv _kv = new FakeKv { PageEntries = 300 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Entries_and_events_give_their_values_as_text_and_as_objects()
    {
        var entry = new KvEntry { Key = "k", Value = """{"Name":"Ada","Age":36}"""u8.ToArray() };
        var put = new KvEvent { Key = "k", Value = entry.Value, Previous = entry };
        var deleted = new KvEvent { Kind = KvEventKind.Deleted, Key = "k" };

        Assert.Equal("""{"Name":"Ada","Age":36}""", entry.GetString());
        Assert.Equal(entry.GetString(), put.GetString());
        Assert.Equal(entry.GetString(), put.Previous?.GetString());
        Assert.Null(deleted.GetString());
        Assert.Equal(36, entry.GetJson(PersonJson.Default.Person)!.Age);
        Assert.Equal(36, put.GetJson(PersonJson.Default.Person)!.Age);
        Assert.Equal((36, 36), (entry.GetJson<Person>()!.Age, put.GetJson<Person>()!.Age));
        Assert.Null(deleted.GetJson(PersonJson.Default.Person));
        Assert.Throws<System.Text.Json.JsonException>(() => (entry with { Value = default }).GetJson<Person>());
    }

    [Fact]
    public async Task Values_are_set_from_spans_and_text()
    {
        await _kv.SetAsync("a", "bytes"u8, cancellationToken: Cancel);
        await _kv.SetAsync("b", "grün", cancellationToken: Cancel);

        Assert.Equal("bytes", (await _kv.GetAsync("a", cancellationToken: Cancel)).GetString());
        Assert.Equal("grün", (await _kv.GetAsync("b", cancellationToken: Cancel)).GetString());
        Assert.Null((await _kv.GetAsync("none", cancellationToken: Cancel)).GetString());
    }

    [Fact]
    public async Task A_key_is_created_updated_and_deleted_only_from_the_state_that_is_expected()
    {
        var created = await _kv.TryCreateAsync("k", Bytes("1"), cancellationToken: Cancel);
        Assert.Equal(new KvWriteResult(false, created.Version), await _kv.TryCreateAsync("k", Bytes("x"), cancellationToken: Cancel));

        var updated = await _kv.TryUpdateAsync("k", Bytes("2"), created.Version, Cancel);
        Assert.True(updated.Applied);
        Assert.Equal(new KvWriteResult(false, updated.Version), await _kv.TryUpdateAsync("k", Bytes("x"), created.Version, Cancel));
        Assert.Equal("2", await _kv.GetStringAsync("k", cancellationToken: Cancel));

        Assert.False((await _kv.TryDeleteAsync("k", created.Version, Cancel)).Applied);
        Assert.True((await _kv.TryDeleteAsync("k", updated.Version, Cancel)).Applied);
        Assert.True((await _kv.TryUpdateAsync("k", Bytes("3"), KvVersion.None, Cancel)).Applied);
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await _kv.TryCreateAsync("l", default, new KvSetOptions { When = KvCondition.Exists }, Cancel));
    }

    [Fact]
    public async Task An_update_begins_again_when_the_key_changed_meanwhile()
    {
        var kv = new InterferingKv(_kv, times: 3);
        var written = await kv.UpdateAsync("n", current => Bytes($"{current.GetString()}+"), Cancel);

        Assert.True(written.Applied);
        Assert.Equal(4, kv.Reads);
        Assert.Equal("3+", await _kv.GetStringAsync("n", cancellationToken: Cancel));
    }

    [Fact]
    public async Task An_update_gives_up_after_twenty_attempts_and_says_that_nothing_was_written()
    {
        var kv = new InterferingKv(_kv, times: int.MaxValue);
        var refused = await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await kv.UpdateAsync("n", _ => [1], Cancel));

        Assert.Equal((RaftKvUnavailableReason.Conflict, KvOutcome.NotApplied, true),
            (refused.Reason, refused.Outcome, refused.IsTransient));
        Assert.Equal(20, kv.Reads);
        Assert.Equal("20", await _kv.GetStringAsync("n", cancellationToken: Cancel));
    }

    [Fact]
    public async Task An_update_can_leave_the_key_as_it_is()
    {
        Assert.Equal(new KvWriteResult(false, KvVersion.None), await _kv.UpdateAsync("none", _ => null, Cancel));
        var before = await _kv.SetAsync("k", "1", cancellationToken: Cancel);
        Assert.Equal(new KvWriteResult(false, before.Version), await _kv.UpdateAsync("k", _ => null, Cancel));
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await _kv.UpdateAsync("k", _ => throw new InvalidOperationException(), Cancel));
        Assert.Equal("1", await _kv.GetStringAsync("k", cancellationToken: Cancel));
    }

    [Fact]
    public async Task All_keys_of_a_prefix_are_deleted_and_no_other()
    {
        foreach (var key in Enumerable.Range(0, 2500).Select(i => $"p/{i:D4}").Append("p").Append("p0"))
            await _kv.SetAsync(key, "v", cancellationToken: Cancel);

        Assert.Equal(2500, await _kv.DeletePrefixAsync("p/", Cancel));
        Assert.Equal(0, await _kv.DeletePrefixAsync("p/", Cancel));
        Assert.Equal(2, await _kv.CountAsync(default, cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _kv.DeletePrefixAsync("", Cancel));
    }

    [Fact]
    public async Task Json_is_read_and_written_with_type_information_and_without()
    {
        var version = (await _kv.SetJsonAsync("ada", new Person("Ada", 36), cancellationToken: Cancel)).Version;
        Assert.Equal(new Person("Ada", 36), (await _kv.GetJsonAsync("ada", PersonJson.Default.Person, cancellationToken: Cancel)).Value);

        var older = await _kv.UpdateJsonAsync("ada", ada => ada! with { Age = ada.Age + 1 }, PersonJson.Default.Person, Cancel);
        Assert.Equal(new Person("Ada", 37), older.Value);
        Assert.True(older.Version > version);
        var read = await _kv.GetJsonAsync<Person>("ada", cancellationToken: Cancel);
        Assert.Equal((true, true, older.Version), (read.Found, read.HasValue, read.Version));
        Assert.Equal("Ada", read.HasValue ? read.Value.Name : "");

        await _kv.SetAsync("null", "null", cancellationToken: Cancel);
        var nothing = await _kv.GetJsonAsync<Person>("null", cancellationToken: Cancel);
        Assert.Equal((true, false), (nothing.Found, nothing.HasValue));
        await Assert.ThrowsAsync<JsonException>(async () => await _kv.UpdateJsonAsync<int>("ada", n => n + 1, cancellationToken: Cancel));
    }

    [Fact]
    public async Task The_results_of_a_transaction_are_found_by_their_keys()
    {
        var transaction = new KvTransaction();
        transaction.Then.SetJson("ada", new Person("Ada", 36)).Increment("n", 2).Get("ada").Get("none");
        var result = await _kv.CommitAsync(transaction, Cancel);

        Assert.Equal(new Person("Ada", 36), result.GetRead("ada").GetJson(PersonJson.Default.Person).Value);
        Assert.False(result.GetRead("none").Found);
        Assert.Equal(2, result.GetNumber("n"));
        Assert.Throws<KeyNotFoundException>(() => result.GetRead("n"));
        Assert.Throws<KeyNotFoundException>(() => (result with { Results = [], HasResults = false }).GetNumber("n"));
    }

    [Fact]
    public async Task Several_keys_are_read_by_one_transaction()
    {
        await _kv.SetAsync("a", "1", cancellationToken: Cancel);
        var many = await _kv.GetManyAsync(["a", "none", "a"], cancellationToken: Cancel);

        Assert.Equal(["a", "none"], many.Keys.Order());
        Assert.Equal(("1", false), (many["a"].GetString(), many["none"].Found));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await _kv.GetManyAsync(Enumerable.Range(0, 257).Select(i => $"k{i}"), cancellationToken: Cancel));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}

using System.Text;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using Xunit;
using static RaftKv.Embedded.Tests.StateMachine.Transactions;

namespace RaftKv.Embedded.Tests.StateMachine;

/// <summary>Keys expire by log time, through an entry, and at the same version on every node.</summary>
public sealed class LifetimeTests
{
    private readonly KvStateMachine _machine = new(new DictionaryKvStore());
    private readonly Entries _log;
    private readonly long _session;
    private long _sequence;

    public LifetimeTests()
    {
        _log = new Entries(_machine);
        _session = _log.Open();
    }

    private RecordHeader Header(string key)
    {
        _machine.Store.TryGetHeader(Utf8(key), out var header);
        return header;
    }

    private ApplyResult Set(string key, KvLifetime lifetime, string value = "v", KvCondition when = default)
    {
        var command = new byte[KvCommand.SetBytes(Utf8(key).Length, Utf8(value).Length) + KvLifetime.Bytes];
        KvCommand.WriteSet(command, when, lifetime, Utf8(key), Utf8(value));
        KvCommand.Patch(command, _session, ++_sequence, 0);
        return _log.Apply(command);
    }

    private void SetPlain(string key) => _log.Set(_session, ++_sequence, key, "v");

    private void Expire(long ahead = 0) => _log.Apply(_machine.CollectDue(_log.NowMs + ahead));

    private void Touch(string key) => _log.Apply(KvCommand.WriteTouch([(Header(key).Version, Utf8(key))]));

    private static KvLifetime Ttl(long ms) => new(false, TimeToLiveMs: ms);

    [Fact]
    public void A_key_stays_until_an_entry_removes_it_and_none_does_too_early()
    {
        Set("k", Ttl(1_000));
        Assert.Equal(_log.NowMs + 1_000, Header("k").ExpiresAtMs);
        Assert.Equal(_log.NowMs + 1_000, _machine.NextDueMs);

        _log.NowMs += 999;
        // A leader whose clock is ahead proposes too early. The time of the entry decides.
        Expire(ahead: 10);
        Assert.Equal(1, _machine.Store.Count);

        _log.NowMs += 1;
        Assert.Equal(1, _machine.Store.Count);
        Expire();
        Assert.Equal(0, _machine.Store.Count);
        Assert.Equal((long.MaxValue, 0), (_machine.NextDueMs, _machine.ExpiringKeys));
    }

    [Fact]
    public void An_expire_that_was_overtaken_by_a_write_removes_nothing()
    {
        Set("written", Ttl(10));
        Set("freed", Ttl(10));
        Set("deleted", Ttl(10));
        Set("renewed", Ttl(10));
        _log.NowMs += 10;
        var expire = _machine.CollectDue(_log.NowMs);
        Set("written", Ttl(5_000));
        SetPlain("freed");
        _log.Delete(_session, ++_sequence, "deleted");
        SetPlain("deleted");
        Set("renewed", new KvLifetime(false, ExpiresAtMs: _log.NowMs));

        _log.Apply(expire);

        Assert.Equal(4, _machine.Store.Count);
        Assert.Equal(2, _machine.ExpiringKeys);
    }

    [Fact]
    public void A_plain_set_ends_the_lifetime_and_keep_keeps_it()
    {
        Set("k", new KvLifetime(false, ExpiresAtMs: 5_000_000));
        Set("k", new KvLifetime(Keep: true), "w");
        Assert.Equal((5_000_000, 2), (Header("k").ExpiresAtMs, Header("k").WriteCount));

        SetPlain("k");
        Assert.Equal(0, Header("k").ExpiresAtMs);
        Set("k", new KvLifetime(Keep: true));
        Assert.Equal((0, 0), (Header("k").ExpiresAtMs, _machine.ExpiringKeys));
        Set("new", new KvLifetime(Keep: true));
        Assert.Equal(0, Header("new").ExpiresAtMs);
    }

    [Fact]
    public void A_condition_that_fails_leaves_the_lifetime_alone()
    {
        Set("k", Ttl(100));
        Set("k", Ttl(9_000), when: KvCondition.NotExists);

        Assert.Equal(_log.NowMs + 100, Header("k").ExpiresAtMs);
    }

    [Fact]
    public void A_sliding_key_lives_from_use_to_use_up_to_its_end_and_a_use_is_no_write()
    {
        Set("k", new KvLifetime(false, TimeToLiveMs: 250, SlidingMs: 100));
        var (end, version) = (_log.NowMs + 250, Header("k").Version);
        _log.NowMs += 90;
        Touch("k");
        Assert.Equal((_log.NowMs + 100, version, 1), (Header("k").ExpiresAtMs, Header("k").Version, Header("k").WriteCount));

        _log.NowMs += 90;
        Touch("k");
        Assert.Equal(end, Header("k").ExpiresAtMs);
        _log.NowMs += 60;
        Set("k", new KvLifetime(Keep: true));
        Assert.Equal(end, Header("k").ExpiresAtMs);
        _log.NowMs += 10;
        Touch("k");
        Expire();
        Assert.Equal(0, _machine.Store.Count);
    }

    [Fact]
    public void A_touch_of_another_version_or_of_a_key_that_does_not_slide_does_nothing()
    {
        Set("sliding", new KvLifetime(false, SlidingMs: 100));
        Set("fixed", Ttl(100));
        _log.NowMs += 50;
        _log.Apply(KvCommand.WriteTouch([(1, Utf8("sliding")), (Header("fixed").Version, Utf8("fixed")), (1, Utf8("absent"))]));

        Assert.Equal(_log.NowMs + 50, Header("sliding").ExpiresAtMs);
        Assert.Equal(_log.NowMs + 50, Header("fixed").ExpiresAtMs);
    }

    [Fact]
    public void A_transaction_gives_lifetimes_and_reads_them()
    {
        var body = new byte[KvLifetime.Bytes + 1];
        new KvLifetime(false, TimeToLiveMs: 50, SlidingMs: 20).Write(body);
        body[^1] = (byte)'x';
        var put = Put("k", "") with { Kind = TransactionOperationKind.PutWithLifetime, Body = body };

        var result = _log.Apply(Do(put, Get("k"), Put("plain", "v")).Command(_session, ++_sequence));

        var read = TransactionResult.Read(result.Payload!)[1].Read;
        Assert.Equal("x", Encoding.UTF8.GetString(read.Value.Span));
        Assert.Equal(_log.NowMs + 20, read.ExpiresAt!.Value.ToUnixTimeMilliseconds());
        Assert.Equal(TimeSpan.FromMilliseconds(20), read.SlidingExpiration);
        Assert.Equal(1, _machine.ExpiringKeys);
    }

    [Fact]
    public void Many_due_keys_go_in_bounded_batches_the_longest_overdue_first()
    {
        for (var i = 0; i < 2_500; i++)
            Set($"k{i:D4}", Ttl(10_000 - i));
        _log.NowMs += 10_000;
        var batches = 0;
        while (_machine.NextDueMs <= _log.NowMs)
        {
            var before = _machine.Store.Count;
            Expire();
            Assert.InRange(before - _machine.Store.Count, 1, ExpireCommand.MaxKeys);
            if (batches++ == 0)
                Assert.False(_machine.Store.TryGetHeader(Utf8("k2499"), out _));
        }
        Assert.Equal((3, 0), (batches, _machine.Store.Count));
    }

    [Fact]
    public void A_batch_is_bounded_in_bytes_too()
    {
        for (var i = 0; i < 100; i++)
            Set(new string('k', 10_000) + i, Ttl(1));
        _log.NowMs += 1;

        Assert.InRange(_machine.CollectDue(_log.NowMs).Length, ExpireCommand.MaxBytes, ExpireCommand.MaxBytes + 2 * 10_100);
    }

    [Fact]
    public void Whatever_the_bytes_are_nothing_throws()
    {
        Set("k", Ttl(10));
        _log.NowMs += 10;
        var samples = new List<byte[]> { _machine.CollectDue(_log.NowMs), KvCommand.WriteTouch([(3, Utf8("k"))]), KvCommand.WriteExpire([], [1, 2]) };
        foreach (var valid in samples)
        {
            for (var length = 0; length < valid.Length; length++)
                Assert.Equal(ApplyStatus.Malformed, _log.Apply(valid[..length]).Status);
            for (var at = 1; at < valid.Length; at++)
            {
                foreach (var value in (byte[])[0, 1, 7, 12, 255])
                {
                    var bytes = valid.ToArray();
                    bytes[at] = value;
                    _log.Apply(bytes);
                }
            }
        }
    }

    [Fact]
    public void A_lifetime_that_contradicts_itself_is_no_command()
    {
        foreach (var wrong in (KvLifetime[])[new(true, TimeToLiveMs: 1), new(true, LeaseId: 1), new(false, -1), new(false, 1, 1), new(false, KvLifetime.MaxMs + 1), new(false, LeaseId: -1), new(false, ExpiresAtMs: -1), new(false, SlidingMs: -1)])
            Assert.Equal(ApplyStatus.Malformed, Set("k", wrong).Status);
        Assert.Equal(ApplyStatus.Applied, Set("k", new KvLifetime(false, KvLifetime.MaxMs, SlidingMs: KvLifetime.MaxMs)).Status);
    }

    [Fact]
    public void A_restored_machine_expires_what_the_original_would()
    {
        for (var i = 0; i < 50; i++)
            Set($"k{i}", i % 3 == 0 ? new KvLifetime(false, TimeToLiveMs: 500, SlidingMs: 100 + i) : i % 3 == 1 ? Ttl(100 + i) : new KvLifetime(false, ExpiresAtMs: _log.NowMs + i));
        SetPlain("k7");
        using var snapshot = _machine.CaptureSnapshot();
        var store = new DictionaryKvStore();
        snapshot.Records.Visit((ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool _) => store.Put(key, header, value), CancellationToken.None);
        var restored = new KvStateMachine(store, snapshot.State);

        Assert.Equal((_machine.ExpiringKeys, _machine.NextDueMs), (restored.ExpiringKeys, restored.NextDueMs));
        var both = new Entries(_machine, restored) { NowMs = _log.NowMs };
        for (var i = 0; i < 8; i++)
        {
            both.NowMs += 50;
            both.Apply(restored.CollectDue(both.NowMs));
            Assert.Equal(_machine.Digest(), restored.Digest());
        }
        Assert.Equal(1, _machine.Store.Count);
    }

    [Fact]
    public void Log_time_of_a_late_leader_does_not_bring_a_key_back_or_forward()
    {
        Set("k", Ttl(1_000));
        _log.NowMs -= 500_000;
        Expire(ahead: 1_000_000);

        Assert.Equal(1, _machine.Store.Count);
        Assert.Equal(1_000_000, _machine.LogTimeMs);
    }
}

using System.Text;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using Xunit;
using static RaftKv.Embedded.Tests.StateMachine.Transactions;

namespace RaftKv.Embedded.Tests.StateMachine;

/// <summary>Increments of keys that have a lifetime, and of keys that do not exist.</summary>
public sealed class IncrementTests
{
    private readonly KvStateMachine _machine = new(new DictionaryKvStore());
    private readonly Entries _log;
    private readonly long _session;
    private long _sequence;

    public IncrementTests()
    {
        _log = new Entries(_machine);
        _session = _log.Open();
        RaiseTo(FeatureLevels.IncrementLifetimes);
    }

    private void RaiseTo(int level) =>
        _log.Apply(
            new ClusterConfiguration([new Member("a", "a:1", Guid.Empty, MemberRole.Voter)], level).Encode(), EntryKind.Configuration);

    private RecordHeader Header(string key)
    {
        _machine.Store.TryGetHeader(Utf8(key), out var header);
        return header;
    }

    private void Set(string key, KvLifetime lifetime)
    {
        var command = new byte[KvCommand.SetBytes(Utf8(key).Length, 1) + KvLifetime.Bytes];
        KvCommand.WriteSet(command, default, lifetime, Utf8(key), "5"u8);
        KvCommand.Patch(command, _session, ++_sequence, 0);
        Assert.Equal(ApplyStatus.Applied, _log.Apply(command).Status);
    }

    private long GrantLease()
    {
        var command = new byte[KvCommand.LeaseBytes];
        KvCommand.WriteLease(command, KvOperation.GrantLease, 60_000);
        KvCommand.Patch(command, _session, ++_sequence, 0);
        return _log.Apply(command).Version;
    }

    private ApplyResult Commit(params TransactionOperation[] then) => _log.Apply(Do(then).Command(_session, ++_sequence));

    private long Increment(string key, IncrementBody body)
    {
        var result = Commit(Add(key, body));
        Assert.Equal(ApplyStatus.Applied, result.Status);
        return TransactionResult.Read(result.Payload!)[0].Number;
    }

    [Fact]
    public void A_key_keeps_its_end()
    {
        Set("n", new KvLifetime(false, TimeToLiveMs: 1_000));
        var end = Header("n").ExpiresAtMs;
        _log.NowMs += 400;

        Assert.Equal(6, Increment("n", new IncrementBody(1)));
        Assert.Equal(8, Increment("n", new IncrementBody(2, Initial: 100, Lifetime: new KvLifetime(false, TimeToLiveMs: 9_000))));

        Assert.Equal((end, 0), (Header("n").ExpiresAtMs, Header("n").SlidingMs));
        _log.NowMs = end;
        _log.Apply(_machine.CollectDue(end));
        Assert.Equal(0, _machine.Store.Count);
    }

    [Fact]
    public void A_key_keeps_its_sliding_expiry_which_begins_anew_up_to_its_latest_end()
    {
        Set("n", new KvLifetime(false, TimeToLiveMs: 1_500, SlidingMs: 1_000));
        var latest = _log.NowMs + 1_500;
        _log.NowMs += 400;
        Increment("n", new IncrementBody(1));
        Assert.Equal((_log.NowMs + 1_000, 1_000, latest), (Header("n").ExpiresAtMs, Header("n").SlidingMs, Header("n").ExpiresByMs));

        _log.NowMs += 800;
        Increment("n", new IncrementBody(1));
        Assert.Equal(latest, Header("n").ExpiresAtMs);
    }

    [Fact]
    public void A_key_keeps_its_lease_and_goes_with_it()
    {
        var lease = GrantLease();
        Set("n", new KvLifetime(false, LeaseId: lease));
        Increment("n", new IncrementBody(1));
        Assert.Equal(lease, Header("n").LeaseId);

        var revoke = new byte[KvCommand.LeaseBytes];
        KvCommand.WriteLease(revoke, KvOperation.RevokeLease, lease);
        KvCommand.Patch(revoke, _session, ++_sequence, 0);
        _log.Apply(revoke);
        Assert.Equal(0, _machine.Store.Count);
    }

    [Fact]
    public void A_key_that_does_not_exist_begins_as_the_options_say()
    {
        var lease = GrantLease();
        Assert.Equal(101, Increment("initial", new IncrementBody(1, Initial: 100)));
        Assert.Equal(1, Increment("ttl", new IncrementBody(1, Lifetime: new KvLifetime(false, TimeToLiveMs: 1_000))));
        Increment("sliding", new IncrementBody(1, Lifetime: new KvLifetime(false, TimeToLiveMs: 9_000, SlidingMs: 700)));
        Increment("leased", new IncrementBody(1, Lifetime: new KvLifetime(false, LeaseId: lease)));

        Assert.False(Header("initial").HasLifetime);
        Assert.Equal(_log.NowMs + 1_000, Header("ttl").ExpiresAtMs);
        Assert.Equal((_log.NowMs + 700, _log.NowMs + 9_000), (Header("sliding").ExpiresAtMs, Header("sliding").ExpiresByMs));
        Assert.Equal(lease, Header("leased").LeaseId);
    }

    [Fact]
    public void An_unknown_lease_refuses_the_transaction_only_when_the_key_would_be_created()
    {
        var body = new IncrementBody(1, Lifetime: new KvLifetime(false, LeaseId: 12_345));
        Assert.Equal(ApplyStatus.LeaseNotFound, Commit(Put("other", "v"), Add("n", body)).Status);
        Assert.Equal(0, _machine.Store.Count);

        Set("n", default);
        Assert.Equal(6, Increment("n", body));
    }

    [Fact]
    public void An_initial_value_that_the_delta_carries_out_of_range_is_an_overflow()
    {
        Assert.Equal(ApplyStatus.Overflow, Commit(Add("n", new IncrementBody(1, Initial: long.MaxValue))).Status);
        Assert.Equal(0, _machine.Store.Count);
    }

    /// <summary>
    /// Entries from before the level keep the meaning that they had when they were committed, also on a node that replays them.
    /// </summary>
    [Fact]
    public void The_meaning_changes_with_the_entry_that_raises_the_feature_level()
    {
        var (first, replayed) = (new KvStateMachine(new DictionaryKvStore()), new KvStateMachine(new DictionaryKvStore()));
        var log = new Entries(first, replayed);
        var session = log.Open();
        var members = new[] { new Member("a", "a:1", Guid.Empty, MemberRole.Voter) };
        log.Apply(new ClusterConfiguration(members, FeatureLevels.Safeguards).Encode(), EntryKind.Configuration);
        foreach (var (sequence, key) in new[] { (1, "before"), (2, "after") })
        {
            var set = new byte[KvCommand.SetBytes(key.Length, 1) + KvLifetime.Bytes];
            KvCommand.WriteSet(set, default, new KvLifetime(false, TimeToLiveMs: 1_000), Encoding.UTF8.GetBytes(key), "5"u8);
            KvCommand.Patch(set, session, sequence, 0);
            log.Apply(set);
        }

        log.Apply(Do(Add("before", 1)).Command(session, 3));
        log.Apply(new ClusterConfiguration(members, FeatureLevels.IncrementLifetimes).Encode(), EntryKind.Configuration);
        log.Apply(Do(Add("after", 1)).Command(session, 4));

        foreach (var machine in (KvStateMachine[])[first, replayed])
        {
            machine.Store.TryGetHeader("before"u8, out var before);
            machine.Store.TryGetHeader("after"u8, out var after);
            Assert.Equal((0, log.NowMs + 1_000), (before.ExpiresAtMs, after.ExpiresAtMs));
        }
        Assert.Equal(first.Digest(), replayed.Digest());
    }
}

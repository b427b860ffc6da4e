using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using Xunit;
using static RaftKv.Embedded.Tests.StateMachine.Transactions;

namespace RaftKv.Embedded.Tests.StateMachine;

/// <summary>Leases in the state machine: their ends, their keys, and the time without a leader.</summary>
public sealed class LeaseTests
{
    private readonly KvStateMachine _machine = new(new DictionaryKvStore());
    private readonly Entries _log;
    private readonly long _session;
    private long _sequence;

    public LeaseTests()
    {
        _log = new Entries(_machine);
        _session = _log.Open();
    }

    private ApplyResult Lease(KvOperation operation, long number)
    {
        var command = new byte[KvCommand.LeaseBytes];
        KvCommand.WriteLease(command, operation, number);
        KvCommand.Patch(command, _session, ++_sequence, 0);
        return _log.Apply(command);
    }

    private long Grant(long ms) => Lease(KvOperation.GrantLease, ms).Version;

    private ApplyResult Bind(string key, long lease)
    {
        var command = new byte[KvCommand.SetBytes(Utf8(key).Length, 1) + KvLifetime.Bytes];
        KvCommand.WriteSet(command, default, new KvLifetime(false, LeaseId: lease), Utf8(key), "v"u8);
        KvCommand.Patch(command, _session, ++_sequence, 0);
        return _log.Apply(command);
    }

    private void Expire(long ahead = 0) => _log.Apply(_machine.CollectDue(_log.NowMs + ahead));

    [Fact]
    public void The_keys_of_a_lease_go_with_it_in_one_entry()
    {
        var lease = Grant(1_000);
        foreach (var key in (string[])["b", "a", "c"])
            Bind(key, lease);
        _log.Set(_session, ++_sequence, "c", "free");
        Bind("b", Grant(5_000));
        var sink = new RecordingSink(_machine.Store);
        _machine.Changes = sink;
        _log.NowMs += 1_000;

        Expire();

        Assert.Equal([$"Revoke a at {_log.Last} over 4", $"end {_log.Last}"], sink.Told);
        Assert.Equal(2, _machine.Store.Count);
        Assert.Equal(ApplyStatus.LeaseNotFound, Lease(KvOperation.RenewLease, lease).Status);
    }

    [Fact]
    public void A_renewal_moves_the_end_and_an_expiry_that_it_overtook_does_nothing()
    {
        var lease = Grant(1_000);
        Bind("k", lease);
        _log.NowMs += 1_000;
        var expire = _machine.CollectDue(_log.NowMs);
        Assert.Equal(ApplyStatus.Applied, Lease(KvOperation.RenewLease, lease).Status);
        _log.Apply(expire);
        Assert.Equal(1, _machine.Store.Count);

        _log.NowMs += 999;
        Expire(ahead: 1);
        Assert.Equal(1, _machine.Store.Count);
        _log.NowMs += 1;
        Expire();
        Assert.Equal(0, _machine.Store.Count);
    }

    [Fact]
    public void The_clock_of_leases_stands_still_only_for_the_time_without_a_leader_that_an_entry_names()
    {
        var lease = Grant(10_000);
        Bind("k", lease);
        // Led for 4 s without an entry, then 2 s without a leader.
        _log.NowMs += 6_000;
        _log.Apply(TermStart.Encode(_log.NowMs - 2_000), EntryKind.NoOp);
        Assert.Equal(6_000, _machine.Leases.RestMs(_machine.Leases.Find(lease)!, _log.NowMs));

        // A time before the last entry counts as the time of that entry, and a time after this one as the time of this one.
        _log.NowMs += 1_000;
        _log.Apply(TermStart.Encode(0), EntryKind.NoOp);
        Assert.Equal(6_000, _machine.Leases.RestMs(_machine.Leases.Find(lease)!, _log.NowMs));
        _log.NowMs += 1_000;
        _log.Apply(TermStart.Encode(long.MaxValue), EntryKind.NoOp);
        Assert.Equal(5_000, _machine.Leases.RestMs(_machine.Leases.Find(lease)!, _log.NowMs));
    }

    [Fact]
    public void A_revoked_lease_is_gone_at_once_and_a_second_time_there_is_none()
    {
        var lease = Grant(1_000);
        Bind("k", lease);

        Assert.Equal(ApplyStatus.Applied, Lease(KvOperation.RevokeLease, lease).Status);
        Assert.Equal(ApplyStatus.LeaseNotFound, Lease(KvOperation.RevokeLease, lease).Status);
        Assert.Equal(ApplyStatus.LeaseNotFound, Bind("k", lease).Status);
        Assert.Equal(0, _machine.Store.Count);
    }

    [Fact]
    public void A_transaction_that_binds_a_key_to_no_lease_does_nothing_at_all()
    {
        var body = new byte[KvLifetime.Bytes];
        new KvLifetime(false, LeaseId: 77).Write(body);

        var result = _log.Apply(Do(Put("a", "v"), Put("b", "") with { Kind = TransactionOperationKind.PutWithLifetime, Body = body }).Command(_session, ++_sequence));

        Assert.Equal((ApplyStatus.LeaseNotFound, 1L), (result.Status, result.Version));
        Assert.Equal(0, _machine.Store.Count);
    }

    [Fact]
    public void Compares_see_the_lease()
    {
        var lease = Grant(1_000);
        Bind("k", lease);

        Assert.Equal(ApplyStatus.Applied, _log.Apply(When(Is(KvCompareTarget.Lease, "k", KvRelation.Equal, lease)).Command(_session, ++_sequence)).Status);
    }

    [Fact]
    public void The_time_in_which_nobody_led_does_not_count()
    {
        var lease = Grant(1_000);
        Bind("k", lease);
        var index = _log.Last;
        _log.NowMs += 600;
        Lease(KvOperation.RenewLease, Grant(60_000));
        index = _log.Last;

        // The next leader's first entry comes an hour later, and its time is an hour later as well.
        var noOp = _log.NowMs + 3_600_000;
        _machine.Apply(new LogEntry(2, ++index, noOp, EntryKind.NoOp, default));
        _machine.Apply(new LogEntry(2, ++index, noOp + 399, EntryKind.Command, _machine.CollectDue(noOp + 500)));
        Assert.Equal(1, _machine.Store.Count);
        Assert.Equal(noOp + 400, _machine.NextDueMs);
        _machine.Apply(new LogEntry(2, ++index, noOp + 400, EntryKind.Command, _machine.CollectDue(noOp + 500)));
        Assert.Equal(0, _machine.Store.Count);
    }

    [Fact]
    public void A_lease_has_so_many_keys_and_no_more()
    {
        var lease = Grant(1_000);
        for (var i = 0; i < LeaseTable.MaxKeys; i++)
            Bind($"k{i}", lease);

        Assert.Equal(ApplyStatus.LeaseFull, Bind("one more", lease).Status);
        Assert.Equal(ApplyStatus.Applied, Lease(KvOperation.RevokeLease, lease).Status);
        Assert.Equal(0, _machine.Store.Count);
    }

    [Fact]
    public void A_retried_grant_grants_once()
    {
        var command = new byte[KvCommand.LeaseBytes];
        KvCommand.WriteLease(command, KvOperation.GrantLease, 1_000);
        KvCommand.Patch(command, _session, 1, 0);

        Assert.Equal(_log.Apply(command), _log.Apply(command));
        Assert.Equal(1, _machine.Leases.Count);
    }

    [Fact]
    public void A_restored_machine_has_the_same_leases_with_the_same_keys()
    {
        var leases = Enumerable.Range(1, 20).Select(i => Grant(i * 100)).ToList();
        for (var i = 0; i < 100; i++)
            Bind($"k{i}", leases[i % leases.Count]);
        using var snapshot = _machine.CaptureSnapshot();
        var store = new DictionaryKvStore();
        snapshot.Records.Visit((ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool _) => store.Put(key, header, value), CancellationToken.None);
        var restored = new KvStateMachine(store, snapshot.State);
        var both = new Entries(_machine, restored) { NowMs = _log.NowMs };

        Assert.Equal(_machine.Digest(), restored.Digest());
        for (var i = 0; i < 20; i++)
        {
            both.NowMs += 100;
            both.Apply(restored.CollectDue(both.NowMs));
            Assert.Equal(_machine.Digest(), restored.Digest());
        }
        Assert.Equal((0, 0), (_machine.Store.Count, _machine.Leases.Count));
    }

    [Fact]
    public void A_damaged_table_of_leases_is_refused()
    {
        Grant(100);
        Grant(200);
        var bytes = _machine.Leases.Encode();

        Assert.Equal(bytes, LeaseTable.Decode(bytes).Encode());
        for (var length = 1; length < bytes.Length; length++)
            Assert.Throws<FormatException>(() => LeaseTable.Decode(bytes.AsSpan(0, length)));
        foreach (var at in (int[])[0, 9, 13, 21])
        {
            var damaged = bytes.ToArray();
            damaged[at] = 0xFF;
            damaged[at + 7] = 0xFF;
            Assert.Throws<FormatException>(() => LeaseTable.Decode(damaged));
        }
    }
}

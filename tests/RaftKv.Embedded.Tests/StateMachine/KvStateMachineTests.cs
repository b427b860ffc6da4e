using System.Text;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.StateMachine;

/// <summary>Writes, conditions, retries, sessions and snapshots of the state machine.</summary>
public sealed class KvStateMachineTests
{
    private readonly KvStateMachine _machine = new(new DictionaryKvStore());
    private readonly Entries _log;
    private readonly long _session;

    public KvStateMachineTests()
    {
        _log = new Entries(_machine);
        _session = _log.Open();
    }

    private RecordHeader Header(string key)
    {
        _machine.Store.TryGetHeader(Encoding.UTF8.GetBytes(key), out var header);
        // These tests are not about what follows from the value.
        return header with { ValueChecksum = 0 };
    }

    private string? Value(string key)
    {
        _machine.Store.TryRead(Encoding.UTF8.GetBytes(key), 0, (in RecordHeader _, ReadOnlySpan<byte> value, int _) => Encoding.UTF8.GetString(value), out var text);
        return text;
    }

    [Fact]
    public void Every_write_is_a_version_and_a_key_counts_its_writes()
    {
        var first = _log.Set(_session, 1, "k", "a");
        var second = _log.Set(_session, 2, "k", "b");

        Assert.Equal(new ApplyResult(ApplyStatus.Applied, _session, 1, 2), first);
        Assert.Equal(new ApplyResult(ApplyStatus.Applied, _session, 2, 3), second);
        Assert.Equal(new RecordHeader(Version: 3, CreateVersion: 2, WriteCount: 2), Header("k"));
        Assert.Equal("b", Value("k"));
    }

    [Fact]
    public void A_deleted_key_begins_anew()
    {
        _log.Set(_session, 1, "k", "a");
        Assert.Equal(new ApplyResult(ApplyStatus.Applied, _session, 2, 3), _log.Delete(_session, 2, "k"));
        Assert.Equal(ApplyStatus.NotFound, _log.Delete(_session, 3, "k").Status);
        _log.Set(_session, 4, "k", "b");

        Assert.Equal(new RecordHeader(Version: 5, CreateVersion: 5, WriteCount: 1), Header("k"));
    }

    [Fact]
    public void Conditions_are_about_the_state_in_the_log_not_about_what_the_caller_saw()
    {
        Assert.Equal(ApplyStatus.ConditionFailed, _log.Set(_session, 1, "k", "a", KvCondition.Exists).Status);
        Assert.Equal(ApplyStatus.Applied, _log.Set(_session, 2, "k", "a", KvCondition.NotExists).Status);
        Assert.Equal((ApplyStatus.ConditionFailed, 3L), Answer(_log.Set(_session, 3, "k", "b", KvCondition.NotExists)));
        Assert.Equal((ApplyStatus.ConditionFailed, 3L), Answer(_log.Set(_session, 4, "k", "b", KvCondition.VersionIs(KvVersion.None))));
        Assert.Equal((ApplyStatus.ConditionFailed, 3L), Answer(_log.Delete(_session, 5, "k", KvCondition.VersionIs(new KvVersion(2)))));
        Assert.Equal(ApplyStatus.Applied, _log.Set(_session, 6, "k", "b", KvCondition.VersionIs(new KvVersion(3))).Status);
        Assert.Equal(ApplyStatus.Applied, _log.Delete(_session, 7, "k", KvCondition.Exists).Status);
        Assert.Equal((ApplyStatus.ConditionFailed, 0L), Answer(_log.Delete(_session, 8, "k", KvCondition.Exists)));
        Assert.Equal(ApplyStatus.Applied, _log.Set(_session, 9, "k", "c", KvCondition.VersionIs(KvVersion.None)).Status);

        static (ApplyStatus, long) Answer(ApplyResult result) => (result.Status, result.Version);
    }

    [Fact]
    public void A_retry_gets_the_first_answer_and_changes_nothing_even_after_other_writes()
    {
        var first = _log.Set(_session, 1, "k", "a", KvCondition.NotExists);
        _log.Set(_session, 2, "k", "b");

        for (var i = 0; i < 100; i++)
            Assert.Equal(first, _log.Set(_session, 1, "k", "a", KvCondition.NotExists));
        Assert.Equal("b", Value("k"));
        Assert.Equal(2, Header("k").WriteCount);
    }

    [Fact]
    public void A_retry_of_a_failed_condition_fails_as_before_although_it_would_hold_now()
    {
        var failed = _log.Set(_session, 1, "k", "a", KvCondition.Exists);
        _log.Set(_session, 2, "k", "b");

        Assert.Equal(failed, _log.Set(_session, 1, "k", "a", KvCondition.Exists));
        Assert.Equal("b", Value("k"));
    }

    [Fact]
    public void Sequences_may_arrive_in_any_order_and_far_apart()
    {
        var results = new Dictionary<long, ApplyResult>();
        foreach (var sequence in (long[])[5_000, 1, 65_536, 300, 64, 65, 4_097])
            results[sequence] = _log.Set(_session, sequence, $"k{sequence}", "v");

        foreach (var (sequence, result) in results)
        {
            Assert.Equal(ApplyStatus.Applied, result.Status);
            Assert.Equal(result, _log.Set(_session, sequence, $"k{sequence}", "other"));
        }
        Assert.Equal(ApplyStatus.Malformed, _log.Set(_session, 65_537, "too far", "v").Status);
        Assert.Equal(ApplyStatus.Applied, _log.Set(_session, 65_537, "k", "v", acknowledgedBelow: 2).Status);
    }

    [Fact]
    public void What_was_acknowledged_is_forgotten_and_never_executed_again()
    {
        _log.Set(_session, 1, "k", "a");
        _log.Set(_session, 2, "k", "b", acknowledgedBelow: 2);

        Assert.Equal(ApplyStatus.SessionExpired, _log.Set(_session, 1, "k", "a").Status);
        Assert.Equal("b", Value("k"));
    }

    [Fact]
    public void A_session_dies_by_log_time_and_its_commands_are_not_executed()
    {
        _log.Set(_session, 1, "k", "a");
        _log.NowMs += 60_000;
        Assert.Equal(ApplyStatus.Applied, _log.Set(_session, 2, "k", "b").Status);
        _log.NowMs += 60_001;

        Assert.Equal(ApplyStatus.SessionExpired, _log.Set(_session, 2, "k", "b").Status);
        Assert.Equal(ApplyStatus.SessionExpired, _log.Set(_session, 3, "k", "c").Status);
        Assert.Equal(0, _machine.SessionCount);
        Assert.Equal("b", Value("k"));
    }

    [Fact]
    public void Log_time_never_runs_backwards()
    {
        _log.NowMs -= 500_000;
        _log.Set(_session, 1, "k", "a");

        Assert.Equal(1_000_000, _machine.LogTimeMs);
    }

    [Fact]
    public void Opening_a_session_forgets_the_expired_and_answers_to_the_nonce()
    {
        _log.NowMs += 60_001;
        var nonce = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
        var command = new byte[KvCommand.OpenSessionBytes];
        KvCommand.WriteOpenSession(command, nonce, 60);

        Assert.Equal(new ApplyResult(ApplyStatus.Applied, 2, 0, 2, nonce), _log.Apply(command));
        Assert.Equal(1, _machine.SessionCount);
    }

    [Fact]
    public void Beyond_the_limit_of_sessions_the_one_longest_unused_goes()
    {
        var second = _log.Open();
        for (var i = 2; i < SessionTable.MaxSessions; i++)
            _log.Open();
        _log.NowMs++;
        _log.Set(_session, 1, "k", "a");
        _log.Open();

        Assert.Equal(SessionTable.MaxSessions, _machine.SessionCount);
        Assert.Equal(ApplyStatus.SessionExpired, _log.Set(second, 1, "k", "b").Status);
        Assert.Equal(ApplyStatus.Applied, _log.Set(_session, 2, "k", "c").Status);
    }

    [Fact]
    public void A_closed_or_unknown_session_executes_nothing()
    {
        _log.Close(_session);

        Assert.Equal(new ApplyResult(ApplyStatus.SessionExpired, _session, 1), _log.Set(_session, 1, "k", "a"));
        Assert.Equal(ApplyStatus.SessionExpired, _log.Delete(999, 1, "k").Status);
        Assert.Null(Value("k"));
    }

    [Fact]
    public void A_poisoned_entry_has_a_result_and_the_next_one_is_applied()
    {
        Assert.Equal(ApplyStatus.Malformed, _log.Apply([]).Status);
        Assert.Equal(ApplyStatus.Malformed, _log.Apply([1, 2, 3]).Status);
        Assert.Equal(new ApplyResult(ApplyStatus.Malformed, _session, 1), _log.Set(_session, 1, "", "v"));
        Assert.Equal(ApplyStatus.Malformed, _log.Apply([9], EntryKind.Configuration).Status);
        Assert.Equal(ApplyStatus.None, _log.Apply([9], EntryKind.NoOp).Status);
        Assert.Equal(ApplyStatus.Applied, _log.Set(_session, 1, "k", "v").Status);
        Assert.Equal(_log.Last, _machine.Applied.Index);
    }

    [Fact]
    public void A_gap_in_the_log_is_refused()
    {
        Assert.Throws<InvariantViolatedException>(() => _machine.Apply(new LogEntry(1, 3, 0, EntryKind.NoOp, default)));
        Assert.Throws<InvariantViolatedException>(() => _machine.Apply(new LogEntry(1, 1, 0, EntryKind.NoOp, default)));
    }

    [Fact]
    public void A_configuration_entry_is_remembered_with_its_index()
    {
        var configuration = new ClusterConfiguration([new Member("node1", "127.0.0.1:1111", Guid.Empty, MemberRole.Voter)]);
        _log.Apply(configuration.Encode(), EntryKind.Configuration);

        Assert.Equal(2, _machine.ConfigurationIndex);
        Assert.Equal(configuration.Members, _machine.Configuration.Members);
    }

    [Fact]
    public void A_restored_machine_goes_on_as_the_original_would()
    {
        for (var i = 1; i <= 200; i++)
            _log.Set(_session, i, $"k{i % 17}", $"v{i}", acknowledgedBelow: i / 2);
        using var snapshot = _machine.CaptureSnapshot();
        var store = new DictionaryKvStore();
        snapshot.Records.Visit((ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool _) => store.Put(key, header, value), CancellationToken.None);
        var restored = new KvStateMachine(store, snapshot.State);

        Assert.Equal(_machine.Digest(), restored.Digest());
        var both = new Entries(_machine, restored) { NowMs = _log.NowMs };
        both.Set(_session, 150, "k1", "retried");
        both.Set(_session, 99, "k1", "forgotten");
        both.Set(_session, 201, "k1", "new");
        both.NowMs += 60_001;
        both.Set(_session, 202, "k1", "expired");
        Assert.Equal(_machine.Digest(), restored.Digest());
    }

    [Fact]
    public void The_digest_notices_every_kind_of_difference()
    {
        var digests = new HashSet<ulong> { _machine.Digest() };
        _log.Set(_session, 1, "k", "a");
        Assert.True(digests.Add(_machine.Digest()));
        _log.Set(_session, 2, "k", "b");
        Assert.True(digests.Add(_machine.Digest()));
        _log.Set(_session, 2, "k", "b");
        Assert.True(digests.Add(_machine.Digest()));
        _log.Delete(_session, 3, "k");
        Assert.True(digests.Add(_machine.Digest()));
    }

    [Fact]
    public void A_damaged_session_table_is_refused()
    {
        for (var i = 1; i <= 5; i++)
            _log.Set(_session, i, "k", "v");
        using var snapshot = _machine.CaptureSnapshot();
        var sessions = snapshot.State.Sessions.ToArray();
        for (var length = 0; length < sessions.Length; length++)
            Assert.Throws<FormatException>(() => SessionTable.Decode(sessions.AsSpan(0, length)));
        Assert.Equal(sessions, SessionTable.Decode(sessions).Encode());
    }
}

using System.Text;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using Xunit;
using static RaftKv.Embedded.Tests.StateMachine.Transactions;

namespace RaftKv.Embedded.Tests.StateMachine;

/// <summary>The meaning of a transaction: etcd's rules, all or nothing, and the same answer to a retry.</summary>
public sealed class TransactionTests
{
    private readonly KvStateMachine _machine = new(new DictionaryKvStore());
    private readonly Entries _log;
    private readonly long _session;
    private long _sequence;

    public TransactionTests()
    {
        _log = new Entries(_machine);
        _session = _log.Open();
    }

    private ApplyResult Commit(TransactionCommand transaction) => _log.Apply(transaction.Command(_session, ++_sequence));

    private ApplyResult Set(string key, string value) => _log.Set(_session, ++_sequence, key, value);

    private KvOperationResult[] Results(params TransactionOperation[] operations)
    {
        var result = Commit(Do(operations));
        Assert.Equal(ApplyStatus.Applied, result.Status);
        return TransactionResult.Read(result.Payload!);
    }

    private string? Value(string key)
    {
        _machine.Store.TryRead(Utf8(key), 0, (in RecordHeader _, ReadOnlySpan<byte> value, int _) => Encoding.UTF8.GetString(value), out var text);
        return text;
    }

    private bool Holds(TransactionCompare compare) => Commit(When(compare)).Status == ApplyStatus.Applied;

    [Fact]
    public void Everything_happens_under_one_version_and_reads_see_what_was_written_before_them()
    {
        Set("a", "1");
        Set("b", "old");

        var results = Results(Put("a", "2"), Get("a"), Delete("b"), Get("b"), Add("n", 5), Get("n"), Get("c"));

        var version = new KvVersion(_log.Last);
        Assert.Equal("2", Encoding.UTF8.GetString(results[1].Read.Value.Span));
        Assert.Equal((version, 2L), (results[1].Read.Version, results[1].Read.WriteCount));
        Assert.Equal(1, results[2].Deleted);
        Assert.False(results[3].Read.Found);
        Assert.Equal(5, results[4].Number);
        Assert.Equal("5", Encoding.UTF8.GetString(results[5].Read.Value.Span));
        Assert.False(results[6].Read.Found);
        Assert.Equal(("2", null, "5"), (Value("a"), Value("b"), Value("n")));
    }

    [Theory]
    [InlineData(KvCompareTarget.Version, 4)]
    [InlineData(KvCompareTarget.CreateVersion, 2)]
    [InlineData(KvCompareTarget.WriteCount, 2)]
    [InlineData(KvCompareTarget.Lease, 0)]
    public void Every_number_of_a_record_can_be_compared_in_every_way(KvCompareTarget target, long actual)
    {
        Set("k", "a");
        Set("other", "");
        Set("k", "b");

        Assert.True(Holds(Is(target, "k", KvRelation.Equal, actual)));
        Assert.False(Holds(Is(target, "k", KvRelation.Equal, actual + 1)));
        Assert.True(Holds(Is(target, "k", KvRelation.NotEqual, actual + 1)));
        Assert.False(Holds(Is(target, "k", KvRelation.NotEqual, actual)));
        Assert.True(Holds(Is(target, "k", KvRelation.Less, actual + 1)));
        Assert.False(Holds(Is(target, "k", KvRelation.Less, actual)));
        Assert.True(Holds(Is(target, "k", KvRelation.Greater, actual - 1)));
        Assert.False(Holds(Is(target, "k", KvRelation.Greater, actual)));
    }

    [Fact]
    public void Of_a_key_that_does_not_exist_numbers_are_zero_and_no_comparison_of_the_value_holds()
    {
        foreach (var target in (KvCompareTarget[])[KvCompareTarget.Version, KvCompareTarget.CreateVersion, KvCompareTarget.WriteCount, KvCompareTarget.Lease])
            Assert.True(Holds(Is(target, "absent", KvRelation.Equal, 0)));
        foreach (var relation in Enum.GetValues<KvRelation>())
            Assert.False(Holds(ValueIs("absent", relation, "x")));
    }

    [Fact]
    public void Values_are_compared_byte_by_byte()
    {
        Set("k", "b");

        Assert.True(Holds(ValueIs("k", KvRelation.Equal, "b")));
        Assert.True(Holds(ValueIs("k", KvRelation.NotEqual, "c")));
        Assert.True(Holds(ValueIs("k", KvRelation.Less, "ba")));
        Assert.True(Holds(ValueIs("k", KvRelation.Greater, "a")));
        Assert.False(Holds(ValueIs("k", KvRelation.Greater, "b")));
    }

    [Fact]
    public void A_comparison_over_a_range_holds_for_all_its_keys_or_not_at_all()
    {
        Set("p/1", "x");
        Set("p/2", "x");
        Set("p/2", "y");
        Set("q", "x");

        Assert.True(Holds(All(KvCompareTarget.WriteCount, "p/", "p0", KvRelation.Less, 3)));
        Assert.False(Holds(All(KvCompareTarget.WriteCount, "p/", "p0", KvRelation.Equal, 1)));
        Assert.True(Holds(All(KvCompareTarget.WriteCount, "p/1", "p/2", KvRelation.Equal, 1)));
        // A range without keys is like a key that does not exist.
        Assert.True(Holds(All(KvCompareTarget.CreateVersion, "r", "s", KvRelation.Equal, 0)));
        Assert.False(Holds(All(KvCompareTarget.CreateVersion, "r", "s", KvRelation.Greater, 0)));
        Assert.True(Holds(All(KvCompareTarget.CreateVersion, "s", "r", KvRelation.Equal, 0)));
    }

    [Fact]
    public void One_condition_that_fails_is_enough_for_the_other_branch()
    {
        Set("k", "a");
        var transaction = new TransactionCommand
        {
            If = [Is(KvCompareTarget.Version, "k", KvRelation.Greater, 0), Is(KvCompareTarget.Version, "absent", KvRelation.Greater, 0)],
            Then = [Put("k", "then")],
            Else = [Put("e", "else"), Get("k")],
        };

        var result = Commit(transaction);

        Assert.Equal((ApplyStatus.ConditionFailed, _log.Last), (result.Status, result.Version));
        Assert.Equal(("a", "else"), (Value("k"), Value("e")));
        Assert.Equal("a", Encoding.UTF8.GetString(TransactionResult.Read(result.Payload!)[1].Read.Value.Span));
    }

    [Fact]
    public void A_range_is_deleted_with_what_is_in_it_and_later_reads_see_it()
    {
        foreach (var key in (string[])["p/1", "p/2", "p/3", "q"])
            Set(key, "v");

        var results = Results(DeleteRange("p/", "p0"), Get("p/2"), Get("q"), Put("z", "v"));

        Assert.Equal(3, results[0].Deleted);
        Assert.False(results[1].Read.Found);
        Assert.True(results[2].Read.Found);
        Assert.Equal(2, _machine.Store.Count);
        Assert.Equal(0, Results(DeleteRange("x", "a"))[0].Deleted);
        Assert.Equal(2, Results(DeleteRange("", ""))[0].Deleted);
    }

    [Theory]
    [InlineData("9223372036854775807", 1, true)]
    [InlineData("-9223372036854775808", -1, true)]
    [InlineData("1.5", 1, false)]
    [InlineData("", 1, false)]
    [InlineData("12 ", 1, false)]
    [InlineData("99999999999999999999", 1, false)]
    public void What_cannot_be_incremented_refuses_all_of_the_transaction(string value, long delta, bool isNumber)
    {
        Set("n", value);

        var result = Commit(Do(Put("a", "written"), Add("n", delta)));

        Assert.Equal((isNumber ? ApplyStatus.Overflow : ApplyStatus.NotANumber, 1L), (result.Status, result.Version));
        Assert.Null(Value("a"));
        Assert.Equal(value, Value("n"));
        Assert.Equal(result, _log.Apply(Do(Put("a", "written"), Add("n", delta)).Command(_session, _sequence)));
    }

    [Fact]
    public void Numbers_go_to_both_ends()
    {
        Assert.Equal(long.MaxValue, Results(Add("n", long.MaxValue))[0].Number);
        Assert.Equal(0, Results(Add("n", -long.MaxValue))[0].Number);
        Assert.Equal(long.MinValue, Results(Add("n", long.MinValue))[0].Number);
        Assert.Equal("-9223372036854775808", Value("n"));
    }

    [Fact]
    public void Ranges_with_too_many_keys_and_reads_of_too_many_bytes_are_refused()
    {
        var half = KvTransaction.MaxRangeKeys / 2 + 1;
        for (var i = 0; i < half; i++)
            _machine.Store.Put(Utf8($"k{i:D5}"), new RecordHeader(1, 1, 1), "v"u8);
        for (var i = 0; i < 3; i++)
            _machine.Store.Put(Utf8($"big{i}"), new RecordHeader(1, 1, 1), new byte[6 * 1024 * 1024]);

        Assert.Equal(ApplyStatus.TooManyKeys, Commit(new TransactionCommand { If = [All(KvCompareTarget.Version, "k", "l", KvRelation.Greater, 0)], Then = [DeleteRange("k", "l")], Else = [] }).Status);
        var tooMuch = Commit(Do(Put("a", "v"), Get("big0"), Get("big1"), Get("big2")));
        Assert.Equal((ApplyStatus.ResultTooLarge, 3L), (tooMuch.Status, tooMuch.Version));
        Assert.Null(Value("a"));
        Assert.Equal(half, Results(DeleteRange("k", "l"))[0].Deleted);
    }

    [Fact]
    public void A_retry_gets_the_whole_first_result_and_changes_nothing()
    {
        Set("k", "a");
        var transaction = Do(Get("k"), Put("k", "b"), Add("n", 1));
        var first = Commit(transaction);
        Set("k", "c");
        Commit(Do(Add("n", 10)));
        var digest = Value("k") + Value("n");

        Assert.Equal(first, _log.Apply(transaction.Command(_session, 2)));
        Assert.Equal("a", Encoding.UTF8.GetString(TransactionResult.Read(first.Payload!)[0].Read.Value.Span));
        Assert.Equal(digest, Value("k") + Value("n"));
    }

    [Fact]
    public void A_result_that_is_too_large_to_be_kept_is_answered_without_it_and_never_executed_again()
    {
        Set("k", new string('x', ResultBudget.MaxResultBytes));
        var transaction = Do(Get("k"), Add("n", 1));
        var first = Commit(transaction);

        var retried = _log.Apply(transaction.Command(_session, _sequence));

        Assert.NotNull(first.Payload);
        Assert.Equal(first with { Payload = null }, retried);
        Assert.Equal("1", Value("n"));
    }

    [Fact]
    public void All_results_together_are_bounded_and_acknowledging_them_makes_room()
    {
        Set("k", new string('x', ResultBudget.MaxResultBytes / 2));
        var kept = 0;
        for (var i = 0; i < 2 * ResultBudget.MaxBytes / ResultBudget.MaxResultBytes + 10; i++)
        {
            Commit(Do(Get("k")));
            if (_log.Apply(Do(Get("k")).Command(_session, _sequence)).Payload is not null)
                kept++;
        }
        Assert.InRange(kept, 1, 2 * ResultBudget.MaxBytes / ResultBudget.MaxResultBytes);
        Assert.Null(_log.Apply(Do(Get("k")).Command(_session, _sequence)).Payload);

        _log.Apply(Do(Get("k")).Command(_session, ++_sequence, acknowledgedBelow: _sequence));
        Assert.NotNull(_log.Apply(Do(Get("k")).Command(_session, _sequence, acknowledgedBelow: _sequence)).Payload);

        _log.Close(_session);
        var another = _log.Open();
        Assert.NotNull(_log.Apply(Do(Get("k")).Command(another, 1)).Payload);
    }

    [Fact]
    public void A_restored_machine_answers_retries_as_the_original_would()
    {
        var sent = new List<byte[]>();
        for (var i = 1; i <= 100; i++)
        {
            var command = Do(Add("n", i), Put($"k{i % 7}", $"v{i}"), Get($"k{(i + 3) % 7}")).Command(_session, i, acknowledgedBelow: i / 2);
            sent.Add(command);
            _log.Apply(command);
        }
        using var snapshot = _machine.CaptureSnapshot();
        var store = new DictionaryKvStore();
        snapshot.Records.Visit((ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool _) => store.Put(key, header, value), CancellationToken.None);
        var restored = new KvStateMachine(store, snapshot.State);

        Assert.Equal(_machine.Digest(), restored.Digest());
        var both = new Entries(_machine, restored);
        foreach (var command in sent)
            both.Apply(command);
        Assert.Equal(_machine.Digest(), restored.Digest());
        Assert.Equal("5050", Value("n"));
    }

    [Fact]
    public void Without_results_the_sessions_have_their_first_format_and_with_them_a_mark()
    {
        Set("a", "1");
        var first = _machine.CaptureSnapshot().State.Sessions.ToArray();
        Commit(Do(Get("a")));
        var second = _machine.CaptureSnapshot().State.Sessions.ToArray();

        Assert.Equal((1, -2, 1), (BitConverter.ToInt32(first), BitConverter.ToInt32(second), BitConverter.ToInt32(second, sizeof(int))));
        Assert.Equal(first, SessionTable.Decode(first).Encode());
        Assert.Equal(second, SessionTable.Decode(second).Encode());
    }

    [Fact]
    public void A_damaged_table_with_results_is_refused_and_never_throws_anything_else()
    {
        Commit(Do(Put("a", "1"), Get("a")));
        Commit(Do(Add("n", 1)));
        var sessions = _machine.CaptureSnapshot().State.Sessions.ToArray();

        for (var length = 0; length < sessions.Length; length++)
            Assert.Throws<FormatException>(() => SessionTable.Decode(sessions.AsSpan(0, length)));
        for (var at = 0; at < sessions.Length; at++)
        {
            var damaged = sessions.ToArray();
            damaged[at] ^= 0xFF;
            Assert.Null(Record.Exception(() => { try { SessionTable.Decode(damaged); } catch (FormatException) { } }));
        }
    }
}

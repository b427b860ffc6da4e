using RaftKv.Embedded.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.StateMachine;

/// <summary>Which changes the state machine reports, and in which order.</summary>
public sealed class KvChangeSinkTests
{
    private readonly KvStateMachine _machine = new(new DictionaryKvStore());
    private readonly RecordingSink _sink;
    private readonly Entries _log;
    private readonly long _session;

    public KvChangeSinkTests()
    {
        _log = new Entries(_machine);
        _session = _log.Open();
        _machine.Changes = _sink = new RecordingSink(_machine.Store);
    }

    [Fact]
    public void Every_change_is_told_before_the_store_has_it_and_its_entry_ends_after()
    {
        _log.Set(_session, 1, "k", "a");
        _log.Set(_session, 2, "k", "b");
        _log.Delete(_session, 3, "k");

        Assert.Equal(["put k=a 2/2/1 over 0", "end 2", "put k=b 3/2/2 over 2", "end 3", "Delete k at 4 over 3", "end 4"], _sink.Told);
    }

    [Fact]
    public void What_changes_nothing_is_not_told()
    {
        _log.Set(_session, 1, "k", "a", KvCondition.Exists);
        _log.Delete(_session, 2, "k");
        _log.Set(_session, 3, "k", "a");
        _sink.Told.Clear();

        _log.Set(_session, 3, "k", "retried");
        _log.Delete(_session, 4, "k", KvCondition.NotExists);
        _log.Open();

        Assert.Empty(_sink.Told);
    }
}

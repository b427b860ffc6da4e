using BenchmarkDotNet.Attributes;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Benchmarks.Micro;

/// <summary>
/// The steps of the consensus core on the leader of three nodes for one batch of puts, from the proposal to the commit. The disk, both
/// followers and the applier answer at once.
/// </summary>
public class CoreMicrobenchmarks
{
    private readonly List<RaftEffect> _effects = [];
    private readonly Queue<RaftEvent> _events = new();
    private RaftCore _core = null!;
    private ReadOnlyMemory<byte>[] _commands = [];
    private long _ticks = 1;

    [Params(1, 64)]
    public int Commands { get; set; }

    private Moment Now => new(_ticks, 0);

    [GlobalSetup]
    public void Setup()
    {
        _commands = [.. Enumerable.Repeat<ReadOnlyMemory<byte>>(new byte[150], Commands)];
        var members = new[] { "a", "b", "c" }.Select(id => new Member(id, id, Guid.NewGuid(), MemberRole.Voter));
        var start = new EntryId(1, 1);
        _core = new RaftCore(new RaftSettings { NodeId = "a", Seed = 1 }, new RaftStart
        {
            Term = 1, Snapshot = start, LogBase = start, LastIndex = 1, SnapshotConfiguration = new ClusterConfiguration(members), SnapshotConfigurationIndex = 1,
        });
        _core.Initialize(Now, _effects);
        while (_core.Role != RaftRole.Leader)
        {
            _ticks = Math.Max(_ticks + 1, _core.Deadline);
            _events.Enqueue(new TimePassed(Now));
            Drain();
        }
    }

    [Benchmark]
    public long ProposeAndCommit()
    {
        _ticks++;
        _events.Enqueue(new Proposed(Now, _commands, From: null));
        Drain();
        return _core.CommitIndex;
    }

    private void Drain()
    {
        while (_events.TryDequeue(out var next))
        {
            _effects.Clear();
            _core.Step(next, _effects);
            foreach (var effect in _effects)
                Answer(effect);
        }
    }

    private void Answer(RaftEffect effect)
    {
        switch (effect)
        {
            case Append append:
                _events.Enqueue(new Appended(Now, append.Entries.Span[^1].Id));
                break;
            case Send { Message: RequestVote vote } send:
                _events.Enqueue(new MessageReceived(Now, send.To, new VoteReply(vote.Term, vote.PreVote, Granted: true)));
                break;
            case Send { Message: AppendEntries entries } send:
                var match = entries.Previous.Index + entries.Entries.Length;
                _events.Enqueue(new MessageReceived(Now, send.To, new AppendReply(entries.Term, Accepted: true, match, default, match, entries.Round)));
                break;
            case Apply apply:
                _events.Enqueue(new Applied(Now, apply.To));
                break;
        }
    }
}

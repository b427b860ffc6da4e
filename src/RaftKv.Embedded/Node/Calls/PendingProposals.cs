using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The writes of this process's callers, from their arrival until their outcome is known: they get a sequence in the session and are given
/// to the leader, again when they may be lost. Holder of the turn.
/// </summary>
internal sealed class PendingProposals(
    ReplicaContext context, CallRefusals refusals, ProposalSender sender, WriteSession session, DiskMonitor disk, ClusterFeatures features,
    CoreLifecycle lifecycle)
{
    /// <summary>
    /// A refused write is given to the leader again after <see cref="ReplicaContext.SweepInterval"/>, doubled by each refusal, up to so
    /// many times.
    /// </summary>
    private const int MaxBackoffDoublings = 6;

    private const long ManyWrites = 10_000;

    private readonly Queue<WriteOperation> _unsequenced = new();
    private readonly List<WriteOperation> _toPropose = [];
    private readonly List<ReadOnlyMemory<byte>> _proposed = [];
    private readonly List<WriteOperation> _proposedWrites = [];
    private readonly CommandBlocks _blocks = new();
    private bool _resendWrites;
    private long _nextWalk;

    /// <summary>No write waits.</summary>
    public bool IsIdle => _unsequenced.Count == 0 && Pending.IsEmpty;

    /// <summary>Holder of the turn. Changes when there is a reason to give writes to the leader again.</summary>
    public long RouteNumber => sender.Route.Number;

    private PendingWrites Pending => context.Ports.Pending;

    public void Take(WriteOperation write)
    {
        if (refusals.OfAllCalls() is { } refusal)
        {
            write.TryFail(refusal);
            return;
        }
        if (disk.LacksRoomFor(write.Command))
        {
            write.TryFail(Errors.NoSpace());
            return;
        }
        if (context.Core is null && context.IsSingleNode)
            lifecycle.BootstrapSingleNode();
        _unsequenced.Enqueue(write);
    }

    /// <summary>Gives everything that arrived in this turn to the leader, in one batch.</summary>
    public void SendNew()
    {
        if (_resendWrites)
        {
            _resendWrites = false;
            ResendAll();
        }
        if (_unsequenced.Count > 0 && context.KnowsLeader)
        {
            if (session.Id == 0)
                session.Ask();
            else
                Sequence();
        }
        if (_toPropose.Count > 0)
        {
            context.LastBatch = _toPropose.Count;
            Propose(_toPropose);
            _toPropose.Clear();
        }
    }

    private void Sequence()
    {
        while (!Pending.IsFull && _unsequenced.TryDequeue(out var write))
        {
            var command = write.Command.Span;
            if (command.IsEmpty)
                continue;
            if (KvCommand.FeatureLevelOf(command) > context.Core!.Configuration.FeatureLevel)
            {
                write.TryFail(Errors.FeatureNotActive(context.Core.Configuration.FeatureLevel));
                continue;
            }
            Pending.Add(write);
            _toPropose.Add(write);
        }
    }

    /// <summary>Gives writes to the leader: this node's own core, or a peer.</summary>
    private void Propose(List<WriteOperation> writes)
    {
        if (!context.KnowsLeader)
            return;
        var low = Pending.Low;
        foreach (var write in writes)
        {
            var command = ForTheLog(write);
            if (command.IsEmpty || !IsAllowed(write, command))
                continue;
            KvCommand.Patch(command.Span, session.Id, write.Sequence, low);
            write.Attempts++;
            write.SentAt = context.Now.Ticks;
            (write.Route, write.RetryAt) = (sender.Route.Number, Moment.Never);
            sender.Trace(write);
            _proposed.Add(command);
            _proposedWrites.Add(write);
        }
        for (var i = sender.Propose(_proposed); i < _proposedWrites.Count; i++)
        {
            // The write did not fit the connection, or there is none: it was certainly not sent.
            _proposedWrites[i].Attempts--;
            BackOff(_proposedWrites[i]);
        }
        _proposed.Clear();
        _proposedWrites.Clear();
    }

    /// <summary>The leader did not take the write, but may take it later: it is given to the leader again after a pause.</summary>
    private void BackOff(WriteOperation write)
    {
        (write.Route, write.RetryAt) = (-sender.Route.Number,
            context.Now.Ticks + (ReplicaContext.SweepInterval << Math.Min(write.Refusals, MaxBackoffDoublings)));
        write.Refusals++;
    }

    /// <summary>
    /// A write beyond the limits ends here. One that was given to a leader before keeps waiting: it may have been applied.
    /// </summary>
    private bool IsAllowed(WriteOperation write, ReadOnlyMemory<byte> command)
    {
        if (features.Limits.Allow(command))
            return true;
        if (write.Attempts == 0)
            write.TryFail(Errors.TooLargeForCluster(features.Limits.Cluster));
        return false;
    }

    /// <summary>Bytes that the log may keep; none when the write has just been completed.</summary>
    private Memory<byte> ForTheLog(WriteOperation write)
    {
        var command = write.Command;
        if (command.Length <= CommandBlocks.MaxCommandBytes)
            return _blocks.Copy(command.Span);
        if (write.IsShared)
            return command.ToArray();
        write.IsShared = true;
        return command;
    }

    /// <summary>Proposes the writes that were sent by an earlier route, or not at all.</summary>
    private void ResendAll()
    {
        session.OnRouteRenewed();
        foreach (var write in Pending)
        {
            if (Math.Abs(write.Route) != sender.Route.Number)
                _toPropose.Add(write);
        }
        Propose(_toPropose);
        _toPropose.Clear();
    }

    /// <summary>A connection between this node and the leader was made anew: what was sent into the old one may be lost.</summary>
    public void RenewRoute(string peer)
    {
        if (context.Core is null || peer != context.Core.LeaderId)
            return;
        sender.Route.Renew();
        _resendWrites = true;
    }

    public void OnSessionOpened(SessionOpened opened) => session.OnOpened(opened);

    /// <summary>
    /// The session was forgotten (this process was silent for an hour): begins another, and repeats only writes that were certainly not
    /// applied.
    /// </summary>
    public void OnSessionLost(SessionLost lost)
    {
        if (!session.TryEnd(lost))
            return;
        foreach (var write in Pending)
            Requeue(write);
        Pending.Clear();
    }

    /// <summary>
    /// An installed snapshot has passed over entries: among them may be writes of this process, applied without an answer. The session's
    /// table in the state machine knows; until it has answered, no attempt counts as the only one.
    /// </summary>
    public void MarkUncertain()
    {
        foreach (var write in Pending)
        {
            if (write.Attempts > 0)
                write.Attempts++;
        }
        sender.Route.Renew();
        _resendWrites = true;
    }

    private void Requeue(WriteOperation write)
    {
        if (write.Attempts > 1)
        {
            write.TryFail(Errors.SessionLost());
            return;
        }
        write.Attempts = 0;
        _unsequenced.Enqueue(write);
    }

    public void OnRefused(ProposalRefused refused)
    {
        if (refused.From is { } from)
            context.Transport.Send(from, new ForwardRefused(refused.Reason, CommandSequences.Of(refused.Commands)));
        else
            OnRefused(context.NodeId, refused.Reason, CommandSequences.Of(refused.Commands));
    }

    /// <summary>The leader did not take these: it certainly did not append this attempt.</summary>
    public void OnRefused(string from, RefusalReason reason, IReadOnlyList<long> sequences)
    {
        if (sequences.Count == 0)
            session.AskLater();
        foreach (var sequence in sequences)
        {
            if (Pending.Find(sequence) is not { } write)
                continue;
            if (write.Attempts == 1)
            {
                write.Attempts = 0;
                if (reason == RefusalReason.Overloaded)
                    write.TryFail(Errors.LeaderOverloaded());
                else if (reason == RefusalReason.TooLarge)
                    write.TryFail(Errors.TooLargeForCluster(features.Limits.Cluster));
                else if (reason == RefusalReason.NoSpace)
                    write.TryFail(Errors.NoSpace());
            }
            // What an earlier leader says late is no reason to give the present one a second copy.
            if (from == sender.Route.Leader)
                BackOff(write);
        }
    }

    /// <summary>Deadlines, and writes whose time has come to be given to the leader again.</summary>
    public void Sweep()
    {
        if (context.Now.Ticks < _nextWalk)
            return;
        // A walk through very many writes takes long, so it is done less often.
        _nextWalk = context.Now.Ticks + ReplicaContext.SweepInterval * Math.Min(10, (_unsequenced.Count + Pending.Span) / ManyWrites);
        // All of them: deadlines differ, and a write that waits longer must not hold up those after it.
        for (var left = _unsequenced.Count; left > 0; left--)
        {
            var waiting = _unsequenced.Dequeue();
            if (waiting.IsCompleted || waiting.Deadline <= context.Now.Ticks)
                waiting.TryFail(refusals.Unavailable());
            else
                _unsequenced.Enqueue(waiting);
        }
        if (Pending.IsEmpty)
            return;
        foreach (var write in Pending)
        {
            if (write.Deadline <= context.Now.Ticks)
                write.TryFail(write.Attempts == 0 ? refusals.Unavailable() : Errors.NoAnswer(context.Options.RequestTimeout));
            else if (context.Now.Ticks >= write.RetryAt)
                _toPropose.Add(write);
        }
        Propose(_toPropose);
        _toPropose.Clear();
    }

    /// <summary>A leader is known: writes that were given to another one are given to it.</summary>
    public void OnLeaderKnown(long term, string leader)
    {
        sender.Route.Follow(term, leader);
        _resendWrites = true;
    }

    /// <summary>Fails every write that waits.</summary>
    /// <param name="reason">Of writes that were not given to a leader.</param>
    /// <param name="reasonIfSent">Of writes that may have been applied.</param>
    public void FailAll(Func<Exception> reason, Func<Exception> reasonIfSent)
    {
        while (_unsequenced.TryDequeue(out var write))
            write.TryFail(reason());
        foreach (var write in Pending)
            write.TryFail(write.Attempts == 0 ? reason() : reasonIfSent());
    }
}

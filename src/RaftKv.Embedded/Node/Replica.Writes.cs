using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

internal sealed partial class Replica
{
    /// <summary>How long a session lives without a write, in seconds of log time.</summary>
    private const uint SessionSeconds = 3600;

    /// <summary>After how long without an outcome a session is asked for again.</summary>
    private static readonly long SessionPatience = TimeSpan.FromSeconds(5).Ticks;

    /// <summary>A refused write is given to the leader again after <see cref="SweepInterval"/>, doubled by each refusal, up to so many times.</summary>
    private const int MaxBackoffDoublings = 6;

    /// <summary>About how much one message to the leader carries.</summary>
    private const int ForwardBytes = 4 * 1024 * 1024;

    private const long ManyWrites = 10_000;

    private readonly Queue<WriteOperation> _unsequenced = new();
    private readonly List<WriteOperation> _newWrites = [];
    private readonly List<WriteOperation> _scratch = [];
    private readonly List<ReadOnlyMemory<byte>> _offered = [];
    private readonly List<WriteOperation> _offeredWrites = [];
    private readonly LeaderRoute _route = new();

    /// <summary>Holder of the turn. Changes when there is a reason to give writes to the leader again.</summary>
    public long RouteNumber => _route.Number;
    private readonly CommandBlocks _blocks = new();
    private long _session;
    private long _sessionAskedAt;
    private bool _sessionAsked;
    private long _sessionRoute;
    private bool _resendWrites;
    private long _nextWalk;

    private void TakeWrite(WriteOperation write)
    {
        if (_refusals.OfAllCalls() is { } refusal)
        {
            write.TryFail(refusal);
            return;
        }
        if (_diskMonitor.LacksRoomFor(write.Command))
        {
            write.TryFail(Errors.NoSpace());
            return;
        }
        if (_context.Core is null && _context.IsSingleNode)
            FoundAlone();
        _unsequenced.Enqueue(write);
    }

    /// <summary>A cluster of one founds itself with its first write; until then another cluster may still take it in.</summary>
    private void FoundAlone()
    {
        var self = new Member(_context.NodeId, _context.Transport.AdvertisedAddress, _context.Identity.Incarnation, MemberRole.Voter);
        if (_context.Dependencies.Formation.TryFound([self], FeatureLevels.Of(_context.Options), ClusterLimits.Of(_context.Options)) is { } start)
        {
            _context.Log.FoundedCluster(_context.NodeId, _context.Identity.ClusterId, members: 1);
            Form(start);
        }
    }

    /// <summary>Gives everything that arrived in this turn to the leader, in one batch.</summary>
    private void SendNewWrites()
    {
        if (_resendWrites)
        {
            _resendWrites = false;
            ResendAll();
        }
        if (_unsequenced.Count > 0 && _context.KnowsLeader)
        {
            if (_session == 0)
                AskForSession();
            else
                Sequence();
        }
        if (_newWrites.Count > 0)
        {
            _context.LastBatch = _newWrites.Count;
            Offer(_newWrites);
            _newWrites.Clear();
        }
    }

    private void Sequence()
    {
        while (!_context.Dependencies.Pending.IsFull && _unsequenced.TryDequeue(out var write))
        {
            var command = write.Command.Span;
            if (command.IsEmpty)
                continue;
            if (KvCommand.FeatureLevelOf(command) > _context.Core!.Configuration.FeatureLevel)
            {
                write.TryFail(Errors.FeatureNotActive(_context.Core.Configuration.FeatureLevel));
                continue;
            }
            _context.Dependencies.Pending.Add(write);
            _newWrites.Add(write);
        }
    }

    /// <summary>Gives writes to the leader: this node's own core, or a peer.</summary>
    private void Offer(List<WriteOperation> writes)
    {
        if (!_context.KnowsLeader)
            return;
        var low = _context.Dependencies.Pending.Low;
        foreach (var write in writes)
        {
            var command = ForTheLog(write);
            if (command.IsEmpty || !IsAllowed(write, command))
                continue;
            KvCommand.Patch(command.Span, _session, write.Sequence, low);
            write.Attempts++;
            write.SentAt = _context.Now.Ticks;
            (write.Route, write.RetryAt) = (_route.Number, Moment.Never);
            _traces.Record(write);
            _offered.Add(command);
            _offeredWrites.Add(write);
        }
        for (var i = Offer(_offered); i < _offeredWrites.Count; i++)
        {
            // It did not fit the connection, or there is none: it has certainly not left.
            _offeredWrites[i].Attempts--;
            BackOff(_offeredWrites[i]);
        }
        _offered.Clear();
        _offeredWrites.Clear();
    }

    /// <summary>The leader did not take it, and does so later perhaps.</summary>
    private void BackOff(WriteOperation write)
    {
        (write.Route, write.RetryAt) = (-_route.Number, _context.Now.Ticks + (SweepInterval << Math.Min(write.Refusals, MaxBackoffDoublings)));
        write.Refusals++;
    }

    /// <summary>A write beyond the limits ends here. One that was given to a leader before keeps waiting: it may have been applied.</summary>
    private bool IsAllowed(WriteOperation write, ReadOnlyMemory<byte> command)
    {
        if (_features.Limits.Allow(command))
            return true;
        if (write.Attempts == 0)
            write.TryFail(Errors.TooLargeForCluster(_features.Limits.Cluster));
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

    /// <returns>How many of them were given to the leader; the others have certainly not left.</returns>
    private int Offer(IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        if (commands.Count == 0)
            return 0;
        if (!_context.Leads)
            return ForwardTo(_context.Core!.LeaderId!, commands);
        _context.Step(new Proposed(_context.Now, commands, From: null));
        return commands.Count;
    }

    /// <summary>In messages of a size that fits a frame, whatever has piled up; one write always does.</summary>
    private int ForwardTo(string leader, IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        _traces.Announce(leader);
        var given = 0;
        while (given < commands.Count)
        {
            var message = new List<ReadOnlyMemory<byte>>(commands.Count - given);
            var bytes = 0;
            for (var i = given; i < commands.Count && (bytes == 0 || bytes + commands[i].Length <= ForwardBytes); i++)
            {
                message.Add(commands[i]);
                bytes += commands[i].Length;
            }
            if (!_context.Transport.Send(leader, new ForwardWrites(message)))
                break;
            given += message.Count;
        }
        return given;
    }

    /// <summary>What was given to the leader by an earlier way, or not at all.</summary>
    private void ResendAll()
    {
        if (_sessionRoute != _route.Number)
            _sessionAsked = false;
        _scratch.Clear();
        _context.Dependencies.Pending.CopyTo(_scratch);
        _scratch.RemoveAll(write => Math.Abs(write.Route) == _route.Number);
        Offer(_scratch);
        _scratch.Clear();
    }

    /// <summary>A connection between this node and the leader was made anew: what was sent into the old one may be lost.</summary>
    private void RenewRoute(string peer)
    {
        if (_context.Core is null || peer != _context.Core.LeaderId)
            return;
        _route.Renew();
        _resendWrites = true;
    }

    private void AskForSession()
    {
        if (_sessionAsked && _context.Now.Ticks - _sessionAskedAt < SessionPatience)
            return;
        _sessionAsked = true;
        _sessionAskedAt = _context.Now.Ticks;
        _sessionRoute = _route.Number;
        var command = new byte[KvCommand.OpenSessionBytes];
        KvCommand.WriteOpenSession(command, _context.Applier.SessionNonce, SessionSeconds);
        if (Offer([command]) == 0)
            AskForSessionLater();
    }

    private void AskForSessionLater()
    {
        if (_session == 0 && _sessionAsked)
            _sessionAskedAt = _context.Now.Ticks - SessionPatience + (SweepInterval << 2);
    }

    private void OnSessionOpened(SessionOpened opened)
    {
        if (_session != 0)
            return;
        _session = opened.Session;
        _context.Applier.Session = opened.Session;
    }

    /// <summary>The session was forgotten (this process was silent for an hour): begin another, and repeat only what is certain not to have happened.</summary>
    private void OnSessionLost(SessionLost lost)
    {
        if (lost.Session == _session)
        {
            _session = 0;
            _sessionAsked = false;
            _context.Applier.Session = 0;
            _scratch.Clear();
            _context.Dependencies.Pending.CopyTo(_scratch);
            _context.Dependencies.Pending.Clear();
            foreach (var write in _scratch)
                Requeue(write);
            _scratch.Clear();
        }
    }

    /// <summary>
    /// An installed snapshot has passed over entries: among them may be writes of ours, applied without our hearing of it. The session's table knows; until it
    /// has answered, no attempt counts as the only one.
    /// </summary>
    private void DoubtPending()
    {
        _scratch.Clear();
        _context.Dependencies.Pending.CopyTo(_scratch);
        foreach (var write in _scratch)
        {
            if (write.Attempts > 0)
                write.Attempts++;
        }
        _scratch.Clear();
        _route.Renew();
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

    private void OnForwarded(string from, ForwardWrites forwarded)
    {
        if (_context.Core is null || _context.IsStopping)
            _context.Transport.Send(from, new ForwardRefused(RefusalReason.NotLeader, CommandSequences.Of(forwarded.Commands)));
        else
            ProposeAllowed(from, _diskMonitor.TakeWhatFits(from, forwarded.Commands));
        _traces.Begin(from);
    }

    private void ProposeAllowed(string from, IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        if (commands.All(_features.Limits.Allow))
        {
            _context.Step(new Proposed(_context.Now, commands, from));
            return;
        }
        var allowed = commands.ToLookup(_features.Limits.Allow);
        _context.Transport.Send(from, new ForwardRefused(RefusalReason.TooLarge, CommandSequences.Of([.. allowed[false]])));
        _context.Step(new Proposed(_context.Now, [.. allowed[true]], from));
    }

    private void OnRefused(ProposalRefused refused)
    {
        if (refused.From is { } from)
            _context.Transport.Send(from, new ForwardRefused(refused.Reason, CommandSequences.Of(refused.Commands)));
        else
            OnRefused(_context.NodeId, refused.Reason, CommandSequences.Of(refused.Commands));
    }

    /// <summary>The leader did not take these: it certainly did not append this attempt.</summary>
    private void OnRefused(string from, RefusalReason reason, IReadOnlyList<long> sequences)
    {
        if (sequences.Count == 0)
            AskForSessionLater();
        foreach (var sequence in sequences)
        {
            if (_context.Dependencies.Pending.Find(sequence) is not { } write)
                continue;
            if (write.Attempts == 1)
            {
                write.Attempts = 0;
                if (reason == RefusalReason.Overloaded)
                    write.TryFail(Errors.LeaderOverloaded());
                else if (reason == RefusalReason.TooLarge)
                    write.TryFail(Errors.TooLargeForCluster(_features.Limits.Cluster));
                else if (reason == RefusalReason.NoSpace)
                    write.TryFail(Errors.NoSpace());
            }
            // What an earlier leader says late is no reason to give the present one a second copy.
            if (from == _route.Leader)
                BackOff(write);
        }
    }

    /// <summary>Deadlines, and writes whose time has come to be given to the leader again.</summary>
    private void SweepWrites()
    {
        if (_context.Now.Ticks < _nextWalk)
            return;
        // Few are looked at each time; to walk through very many takes longer, and is done the less often.
        _nextWalk = _context.Now.Ticks + SweepInterval * Math.Min(10, (_unsequenced.Count + _context.Dependencies.Pending.Span) / ManyWrites);
        // All of them: deadlines differ, and one that waits longer must not hold up those behind it.
        for (var left = _unsequenced.Count; left > 0; left--)
        {
            var waiting = _unsequenced.Dequeue();
            if (waiting.IsCompleted || waiting.Deadline <= _context.Now.Ticks)
                waiting.TryFail(_refusals.Unavailable());
            else
                _unsequenced.Enqueue(waiting);
        }
        if (_context.Dependencies.Pending.IsEmpty)
            return;
        _scratch.Clear();
        _context.Dependencies.Pending.CopyTo(_scratch);
        _newWrites.Clear();
        foreach (var write in _scratch)
        {
            if (write.Deadline <= _context.Now.Ticks)
                write.TryFail(write.Attempts == 0 ? _refusals.Unavailable() : Errors.NoAnswer(_context.Options.RequestTimeout));
            else if (_context.Now.Ticks >= write.RetryAt)
                _newWrites.Add(write);
        }
        _scratch.Clear();
        Offer(_newWrites);
        _newWrites.Clear();
    }
}

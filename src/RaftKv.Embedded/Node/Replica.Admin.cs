using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

internal sealed partial class Replica
{
    /// <summary>As long as a handshake may take: a machine that is busy for some seconds is not a node that cannot be reached.</summary>
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Calls the core works on.</summary>
    private readonly Dictionary<long, AdminCall> _changes = [];

    /// <summary>Calls the leader works on for us.</summary>
    private readonly Dictionary<long, AdminCall> _forwarded = [];

    private void TakeAdminCall(AdminCall call)
    {
        if (_core is null && _isSolo && !_stopping && call.Operation is AdminOperation.AddMember or AdminOperation.AddLearner)
            FoundAlone();
        if (_core is null || _stopping)
            Finish(call, AdminResult.AskLeader);
        else if (Leads)
            Begin(call);
        else if (call.ReplyTo is null && _core.LeaderId is { } leader)
            Forward(call, leader);
        else
            Finish(call, AdminResult.AskLeader);
    }

    private void Begin(AdminCall call)
    {
        switch (call.Operation)
        {
            case AdminOperation.AddMember or AdminOperation.TakeIn or AdminOperation.AddLearner: BeginAdd(call); break;
            case AdminOperation.MoveMember: BeginMove(call); break;
            case AdminOperation.RemoveMember: Ask(call, id => new ChangeRequested(_now, id, new RemoveMember(call.NodeId))); break;
            case AdminOperation.TransferLeadership:
                Ask(call, id => new TransferRequested(_now, id, call.NodeId.Length == 0 ? null : call.NodeId));
                break;
            default: throw new System.Diagnostics.UnreachableException();
        }
    }

    private void BeginAdd(AdminCall call)
    {
        // A voter whose disk was replaced has the name and the address of a member, and is none: only the node itself can tell. It need not be alive to be a member.
        var present = call.Operation == AdminOperation.AddMember && _core!.Configuration.Find(call.NodeId) is { IsVoter: true } voter && voter.Address == call.Address ? voter : null;
        if (present is not null && (call.HasNoAnswer || (call.Probed is { } answer && answer.NodeId == present.NodeId && present.IsOf(answer.Incarnation))))
        {
            Ask(call, id => new ChangeRequested(_now, id, new AddMember(present)));
        }
        else if (call.Probed is not { } probed)
        {
            Probe(call, mayBeDown: present is not null);
        }
        else if (probed.NodeId != call.NodeId)
        {
            Finish(call, new AdminResult(RaftKvMembershipError.ForeignNode,
                $"The node at {call.Address} calls itself {probed.NodeId}, not {call.NodeId}. Nothing was changed."));
        }
        else if (probed.ClusterId != Guid.Empty && probed.ClusterId != _parts.Identity.ClusterId)
        {
            Finish(call, new AdminResult(RaftKvMembershipError.ForeignNode,
                $"{call.NodeId} has a history of its own: it belongs to cluster {probed.ClusterId}, this is {_parts.Identity.ClusterId}. Nothing was changed. To give its data up, stop it, remove its data directory, start it and add it again."));
        }
        else if (probed.FeatureLevel < _core!.Configuration.FeatureLevel)
        {
            Finish(call, new AdminResult(RaftKvMembershipError.TooOld,
                $"{call.NodeId} runs an older version: it speaks feature level {probed.FeatureLevel}, and the cluster is at {_core.Configuration.FeatureLevel}. Nothing was changed. Upgrade it and add it again."));
        }
        else
        {
            var member = new Member(call.NodeId, call.Address, probed.Incarnation, call.Operation == AdminOperation.AddLearner ? MemberRole.Learner : MemberRole.Joining);
            MembershipChange change = call.Operation == AdminOperation.TakeIn ? new TakeInMember(member) : new AddMember(member);
            Ask(call, id => new ChangeRequested(_now, id, change));
        }
    }

    /// <summary>Asks who listens at the address before anything is changed: a wrong join must not cost the quorum.</summary>
    private void Probe(AdminCall call, bool mayBeDown = false)
    {
        _ = Run();

        async Task Run()
        {
            try
            {
                call.Probed = await _parts.Transport.ProbeAsync(call.Address, ProbeTimeout, CancellationToken.None).ConfigureAwait(false);
                Post(call);
            }
            catch (Exception e)
            {
                if (mayBeDown)
                {
                    call.HasNoAnswer = true;
                    Post(call);
                    return;
                }
                // A newcomer asks on, and a member that has moved is looked for again and again.
                if (_newcomerReports.IsDue($"{call.NodeId} at {call.Address}: {e.Message}", _clock.Ticks))
                    _log.ProbeFailed(_options.NodeId, call.NodeId, call.Address, e.Message);
                Finish(call, new AdminResult(RaftKvMembershipError.NotCaughtUp,
                    $"{call.NodeId} cannot be reached at {call.Address}: {e.Message} Nothing was changed."), fromElsewhere: true);
            }
        }
    }

    private void Ask(AdminCall call, Func<long, RaftEvent> ask)
    {
        var id = ++_nextRequestId;
        _changes.Add(id, call);
        Step(ask(id));
    }

    private void OnRequestCompleted(RequestCompleted completed)
    {
        if (completed.Id == _handOverId)
            OnHandOverRefused(completed);
        else if (_changes.Remove(completed.Id, out var call))
            Finish(call, new AdminResult(completed.Error, completed.Message, completed.Retry, completed.Unknown));
    }

    private void Forward(AdminCall call, string leader)
    {
        var id = ++_nextRequestId;
        call.ForwardedAt = _now.Ticks;
        _forwarded.Add(id, call);
        _parts.Transport.Send(leader, new AdminRequest(id, call.Operation, call.NodeId, call.Address));
    }

    private void OnAdminRequest(string from, AdminRequest request) => TakeAdminCall(new AdminCall
    {
        Operation = request.Operation,
        NodeId = request.NodeId,
        Address = request.Address,
        ReplyTo = from,
        ReplyId = request.Id,
    });

    private void OnAdminReply(AdminReply reply)
    {
        if (_forwarded.Remove(reply.Id, out var call))
            call.Complete(AdminResult.From(reply));
    }

    /// <summary>
    /// Question or answer may have been lost on the way: a caller that has waited long asks again. A leader that is still at work takes
    /// that for the same wish. While a new member catches up, the leader
    /// answers once there was no progress for a while, and is given the time to say so.
    /// </summary>
    private void SweepForwarded()
    {
        foreach (var (id, call) in _forwarded)
        {
            var joins = call.Operation is AdminOperation.AddMember or AdminOperation.TakeIn;
            var patience = _options.RequestTimeout.Ticks + (joins ? ProbeTimeout.Ticks + RaftCore.JoinTimeout : 0);
            if (_now.Ticks - call.ForwardedAt >= patience && _forwarded.Remove(id))
                call.Complete(AdminResult.NoAnswer);
        }
    }

    /// <summary>The leader that worked on them is gone, or its connection: their callers ask again.</summary>
    private void ReleaseForwarded()
    {
        foreach (var call in _forwarded.Values)
            call.Complete(AdminResult.NoAnswer);
        _forwarded.Clear();
    }

    private bool KnowsUnknown(string peer) => _abilities.TryGetValue(peer, out var said) && said.Level >= FeatureLevels.Safeguards;

    private void Finish(AdminCall call, AdminResult result, bool fromElsewhere = false)
    {
        if (call.ReplyTo is not { } peer)
            call.Complete(result);
        else if (fromElsewhere)
            Post(new ReplyWanted(peer, result.ToReply(call.ReplyId, knowsUnknown: false)));
        else
            _parts.Transport.Send(peer, result.ToReply(call.ReplyId, KnowsUnknown(peer)));
    }
}

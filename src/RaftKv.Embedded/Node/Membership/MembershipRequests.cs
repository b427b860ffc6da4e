using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Calls of operators that change members or the leader: the leader has its core carry them out, and a follower forwards them to it. Holder
/// of the turn.
/// </summary>
internal sealed class MembershipRequests(ReplicaContext context, CoreLifecycle lifecycle, PeerCapabilities abilities)
{
    /// <summary>As long as a handshake may take: a machine that is busy for some seconds is not a node that cannot be reached.</summary>
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Calls the core works on.</summary>
    private readonly Dictionary<long, AdminCall> _changes = [];

    /// <summary>Calls that were forwarded to the leader and are not answered.</summary>
    private readonly Dictionary<long, AdminCall> _forwarded = [];

    private readonly RepeatThrottle _probeReports = new(TimeSpan.FromSeconds(10));

    public void Take(AdminCall call)
    {
        if (context.Core is null && context.IsSingleNode && !context.IsStopping
            && call.Operation is AdminOperation.AddMember or AdminOperation.AddLearner)
            lifecycle.BootstrapSingleNode();
        if (context.Core is null || context.IsStopping)
            Finish(call, AdminResult.AskLeader);
        else if (context.Leads)
            Begin(call);
        else if (call.ReplyTo is null && context.Core.LeaderId is { } leader)
            Forward(call, leader);
        else
            Finish(call, AdminResult.AskLeader);
    }

    private void Begin(AdminCall call)
    {
        switch (call.Operation)
        {
            case AdminOperation.AddMember or AdminOperation.Admit or AdminOperation.AddLearner: BeginAdd(call); break;
            case AdminOperation.MoveMember: BeginMove(call); break;
            case AdminOperation.RemoveMember: Ask(call, id => new ChangeRequested(context.Now, id, new RemoveMember(call.NodeId))); break;
            case AdminOperation.TransferLeadership:
                Ask(call, id => new TransferRequested(context.Now, id, call.NodeId.Length == 0 ? null : call.NodeId));
                break;
            default: throw new System.Diagnostics.UnreachableException();
        }
    }

    private void BeginAdd(AdminCall call)
    {
        // A voter whose disk was replaced has the name and the address of a member and is not that member, which only the node itself can
        // tell. A member that does not answer is still a member.
        var present = call.Operation == AdminOperation.AddMember
            && context.Core!.Configuration.Find(call.NodeId) is { IsVoter: true } voter && voter.Address == call.Address ? voter : null;
        if (present is not null
            && (call.HasNoAnswer || (call.Probed is { } answer && answer.NodeId == present.NodeId && present.IsOf(answer.Incarnation))))
        {
            Ask(call, id => new ChangeRequested(context.Now, id, new AddMember(present)));
        }
        else if (call.Probed is not { } probed)
        {
            Probe(call, mayBeDown: present is not null);
        }
        else if (probed.NodeId != call.NodeId)
        {
            Finish(call, new AdminResult(RaftKvMembershipError.ForeignNode,
                $"The node at {call.Address} has the NodeId {probed.NodeId}, not {call.NodeId}. Nothing was changed."));
        }
        else if (probed.ClusterId != Guid.Empty && probed.ClusterId != context.Identity.ClusterId)
        {
            Finish(call, new AdminResult(RaftKvMembershipError.ForeignNode,
                $"{call.NodeId} has a history of its own: it belongs to cluster {probed.ClusterId}, this is "
                    + $"{context.Identity.ClusterId}. Nothing was changed. To give its data up, stop it, remove its data directory, "
                    + "start it and add it again."));
        }
        else if (probed.FeatureLevel < context.Core!.Configuration.FeatureLevel)
        {
            Finish(call, new AdminResult(RaftKvMembershipError.TooOld,
                $"{call.NodeId} runs an older version: it speaks feature level {probed.FeatureLevel}, and the cluster is at "
                    + $"{context.Core.Configuration.FeatureLevel}. Nothing was changed. Upgrade it and add it again."));
        }
        else
        {
            var role = call.Operation == AdminOperation.AddLearner ? MemberRole.Learner : MemberRole.Joining;
            var member = new Member(call.NodeId, call.Address, probed.Incarnation, role);
            MembershipChange change = call.Operation == AdminOperation.Admit ? new AdmitMember(member) : new AddMember(member);
            Ask(call, id => new ChangeRequested(context.Now, id, change));
        }
    }

    /// <summary>The address of a member is changed once the member itself has answered there.</summary>
    private void BeginMove(AdminCall call)
    {
        if (context.Core!.Configuration.Find(call.NodeId) is not { } member)
            Finish(call, new AdminResult(RaftKvMembershipError.UnknownMember, $"No member is called {call.NodeId}."));
        else if (member.Address == call.Address)
            Finish(call, new AdminResult(null, $"The address of {call.NodeId} is {call.Address} already."));
        else if (call.Probed is not { } probed)
            Probe(call);
        else if (probed.NodeId != member.NodeId || probed.Incarnation != member.Incarnation)
            Finish(call, new AdminResult(RaftKvMembershipError.ForeignNode,
                $"The node at {call.Address} is not the member {call.NodeId}."));
        else
            Ask(call, id => new ChangeRequested(context.Now, id, new AddMember(member with { Address = call.Address })));
    }

    /// <summary>Has the node at the address introduce itself before anything is changed: a wrong join must not cost the quorum.</summary>
    private void Probe(AdminCall call, bool mayBeDown = false)
    {
        _ = Run();

        async Task Run()
        {
            try
            {
                call.Probed = await context.Transport.ProbeAsync(call.Address, ProbeTimeout, CancellationToken.None).ConfigureAwait(false);
                context.Post(call);
            }
            catch (Exception e)
            {
                if (mayBeDown)
                {
                    call.HasNoAnswer = true;
                    context.Post(call);
                    return;
                }
                // A node that wants to join asks again, and a member that has moved is looked for again.
                if (_probeReports.IsDue($"{call.NodeId} at {call.Address}: {e.Message}", context.Clock.Ticks))
                    context.Log.ProbeFailed(context.NodeId, call.NodeId, call.Address, e.Message);
                Finish(call, new AdminResult(RaftKvMembershipError.NotCaughtUp,
                    $"{call.NodeId} cannot be reached at {call.Address}: {e.Message} Nothing was changed."), fromElsewhere: true);
            }
        }
    }

    private void Ask(AdminCall call, Func<long, RaftEvent> ask)
    {
        var id = context.NextRequestId();
        _changes.Add(id, call);
        context.Step(ask(id));
    }

    public void OnCompleted(RequestCompleted completed)
    {
        if (_changes.Remove(completed.Id, out var call))
            Finish(call, new AdminResult(completed.Error, completed.Message, completed.Retry, completed.Unknown));
    }

    private void Forward(AdminCall call, string leader)
    {
        var id = context.NextRequestId();
        call.ForwardedAt = context.Now.Ticks;
        _forwarded.Add(id, call);
        context.Transport.Send(leader, new AdminRequest(id, call.Operation, call.NodeId, call.Address));
    }

    public void OnForwarded(string from, AdminRequest request) => Take(new AdminCall
    {
        Operation = request.Operation,
        NodeId = request.NodeId,
        Address = request.Address,
        ReplyTo = from,
        ReplyId = request.Id,
    });

    public void OnReply(AdminReply reply)
    {
        if (_forwarded.Remove(reply.Id, out var call))
            call.Complete(AdminResult.From(reply));
    }

    /// <summary>
    /// The request or its answer may have been lost: a call that has waited long ends, and its caller asks again. A leader that still works
    /// on the first request takes the second one for the same. While a new member catches up, the leader answers once there was no progress
    /// for a while, so such a call waits longer.
    /// </summary>
    public void Sweep()
    {
        foreach (var (id, call) in _forwarded)
        {
            var joins = call.Operation is AdminOperation.AddMember or AdminOperation.Admit;
            var timeout = context.Options.RequestTimeout.Ticks + (joins ? ProbeTimeout.Ticks + RaftCore.JoinTimeout : 0);
            if (context.Now.Ticks - call.ForwardedAt >= timeout && _forwarded.Remove(id))
                call.Complete(AdminResult.NoAnswer);
        }
    }

    /// <summary>The leader that worked on them is gone, or its connection: their callers ask again.</summary>
    public void ReleaseForwarded()
    {
        foreach (var call in _forwarded.Values)
            call.Complete(AdminResult.NoAnswer);
        _forwarded.Clear();
    }

    /// <summary>The node takes no calls any more.</summary>
    public void FailAll(AdminResult result)
    {
        foreach (var call in _changes.Values.Concat(_forwarded.Values))
            call.Complete(result);
    }

    private void Finish(AdminCall call, AdminResult result, bool fromElsewhere = false)
    {
        if (call.ReplyTo is not { } peer)
            call.Complete(result);
        else if (fromElsewhere)
            context.Post(new ReplyWanted(peer, result.ToReply(call.ReplyId, knowsUnknown: false)));
        else
            context.Transport.Send(peer, result.ToReply(call.ReplyId, abilities.Speaks(peer, FeatureLevels.Safeguards)));
    }
}

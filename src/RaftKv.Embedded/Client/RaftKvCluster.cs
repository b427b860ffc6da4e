using System.Runtime.CompilerServices;
using Polly;
using Polly.Retry;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Client;

/// <summary>The calls of an operator. They find the leader, and ask again when the leader changes meanwhile.</summary>
internal sealed class RaftKvCluster(ReplicaAccess access, RaftKvOptions options) : IRaftKvCluster
{
    /// <summary>
    /// <see cref="AskAsync"/> bounds the attempts in time: it throws once no leader has appeared for the time limit of a request. The time
    /// that a leader works on a call does not count. Built by the first call, because the start of a node must not wait for it.
    /// </summary>
    private static readonly ResiliencePipeline<AdminResult> AskLeader = new ResiliencePipelineBuilder<AdminResult>()
        .AddRetry(new RetryStrategyOptions<AdminResult>
        {
            ShouldHandle = static args => ValueTask.FromResult(args.Outcome.Result is { Retry: true }),
            MaxRetryAttempts = int.MaxValue,
            Delay = TimeSpan.FromMilliseconds(20),
            MaxDelay = TimeSpan.FromMilliseconds(200),
            BackoffType = DelayBackoffType.Exponential,
        })
        .Build();

    /// <summary>
    /// The time limit of a call: for a leader to appear, for the node at an address to answer, for a successor to take over, and for the
    /// rounds of a change.
    /// </summary>
    private TimeSpan Limit => options.RequestTimeout + options.HandOverTimeout + TimeSpan.FromSeconds(5) + (4 * options.ElectionTimeout);

    public RaftKvStatus Status => access.TryHost is { } host ? host.Replica.Status : StatusWithoutReplica();

    public async IAsyncEnumerable<RaftKvStatus> WatchStatusAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (access.IsOpening)
            yield return StatusWithoutReplica();
        var replica = (await access.HostAsync(cancellationToken).ConfigureAwait(false)).Replica;
        while (true)
        {
            // Taken before the status is read: a change in between completes it, and the status is read again.
            var changed = replica.Changed;
            var status = replica.Status;
            yield return status;
            if (status.Role is RaftKvRole.Stopped)
                yield break;
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken = default)
    {
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var changed = host.Replica.Changed;
            var status = host.Replica.Status;
            switch (status.Role)
            {
                case RaftKvRole.Faulted: throw Errors.Faulted(status.Fault ?? "", null);
                case RaftKvRole.Removed: throw Errors.Removed(status.NodeId);
                case RaftKvRole.Stopped: throw Errors.Stopping();
                case RaftKvRole.Unformed when status.IsReady: return;
            }
            if (status.LeaderId is not null)
            {
                try
                {
                    await host.JoinReads().Ready.AsTask().WaitOrLeaveAsync(cancellationToken).ConfigureAwait(false);
                    if (host.Replica.IsReady)
                        return;
                }
                catch (RaftKvUnavailableException e) when (e.IsTransient)
                {
                    // The next attempt may succeed.
                }
            }
            await Task.WhenAny(changed, Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public Task AddMemberAsync(string nodeId, string address, CancellationToken cancellationToken = default) =>
        AddMemberAsync(nodeId, address, RaftKvMemberRole.Voter, cancellationToken);

    public async Task ReplaceMemberAsync(string oldNodeId, string newNodeId, string newAddress,
        CancellationToken cancellationToken = default)
    {
        NodeIds.ThrowIfInvalid(oldNodeId);
        if (oldNodeId == newNodeId)
            throw new ArgumentException(
                $"{oldNodeId} cannot take its own place; add it again once its disk is replaced. Nothing was changed.", nameof(newNodeId));
        await AddMemberAsync(newNodeId, newAddress, RaftKvMemberRole.Voter, cancellationToken).ConfigureAwait(false);
        try
        {
            await RemoveMemberAsync(oldNodeId, cancellationToken).ConfigureAwait(false);
        }
        catch (RaftKvMembershipException e) when (e.Error == RaftKvMembershipError.UnknownMember)
        {
            // An earlier attempt has removed it already.
        }
        catch (Exception e) when (e is RaftKvUnavailableException or RaftKvMembershipException)
        {
            // The error of the removal says that nothing was changed, which is not true of this call.
            throw Errors.ChangeUnknown($"{newNodeId} was added, and the removal of {oldNodeId} failed", e);
        }
    }

    public async Task AddMemberAsync(string nodeId, string address, RaftKvMemberRole role, CancellationToken cancellationToken = default)
    {
        NodeIds.ThrowIfInvalid(nodeId);
        if (!HostAndPort.TryParse(address, out var hostAndPort) || hostAndPort.Port == 0)
            throw new ArgumentException(
                $"'{address}' is not an address of the form host:port, for example 10.0.0.4:1111. Nothing was changed.", nameof(address));
        ThrowIfRefused(await AskAsync(role == RaftKvMemberRole.Learner ? AdminOperation.AddLearner : AdminOperation.AddMember, nodeId,
            address, cancellationToken).ConfigureAwait(false));
    }

    public async Task RemoveMemberAsync(string nodeId, CancellationToken cancellationToken = default)
    {
        NodeIds.ThrowIfInvalid(nodeId);
        var asked = 0;
        // A node that was asked to remove itself, and finds that it is removed, has succeeded.
        bool HasHappened() => asked++ > 0 && Status is { Role: RaftKvRole.Removed } status && status.NodeId == nodeId;
        var answer = await AskAsync(AdminOperation.RemoveMember, nodeId, "", cancellationToken, HasHappened).ConfigureAwait(false);
        // The member is unknown because an earlier attempt, whose answer was lost, has removed it.
        if (!(answer.MayHaveHappened && answer.Result.Error == RaftKvMembershipError.UnknownMember))
            ThrowIfRefused(answer);
    }

    public async Task TransferLeadershipAsync(string? toNodeId = null, CancellationToken cancellationToken = default)
    {
        if (toNodeId is not null)
            NodeIds.ThrowIfInvalid(toNodeId);
        var before = Status.LeaderId;
        if (toNodeId is not null && toNodeId == before)
            return;
        var asked = 0;
        // Any successor will do, and an attempt whose answer was lost may have found one: asking the new leader too would transfer the
        // leadership twice.
        bool HasHappened() => asked++ > 0 && toNodeId is null && before is not null && Status.LeaderId is { } now && now != before;
        var answer = await AskAsync(AdminOperation.TransferLeadership, toNodeId ?? "", "", cancellationToken,
            HasHappened).ConfigureAwait(false);
        // The refusal of an attempt says nothing about the one before it, whose transfer may be the reason for the refusal.
        if (answer is { MayHaveHappened: true, Result.Error: not null })
        {
            throw Errors.ChangeUnknown(
                $"the answer to an attempt was lost, and the next one was refused: {answer.Result.Message.TrimEnd('.')}");
        }
        ThrowIfRefused(answer);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.RequestTimeout);
        try
        {
            await foreach (var status in WatchStatusAsync(limit.Token).ConfigureAwait(false))
            {
                if (status.LeaderId is not null && status.LeaderId != before)
                    return;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
        }
        throw new RaftKvMembershipException(RaftKvMembershipError.TransferTimedOut,
            "The old leader has handed over, but this node has not heard of the new one in time, or has stopped. "
                + "Look at the status of another member.");
    }

    public async Task<KvVersion> TakeSnapshotAsync(CancellationToken cancellationToken = default)
    {
        var done = new TaskCompletionSource<KvVersion>(TaskCreationOptions.RunContinuationsAsynchronously);
        (await access.HostAsync(cancellationToken).ConfigureAwait(false)).PostRequest(new SnapshotWanted(done));
        return await done.Task.WaitOrLeaveAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<RaftKvBackupInfo> BackupAsync(Stream destination, KvVersion? minVersion = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (!destination.CanWrite)
            throw new ArgumentException("The stream cannot be written to. Nothing was done.", nameof(destination));
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        var index = minVersion?.Value ?? host.Applier.AppliedIndex;
        await host.WaitAppliedAsync(index, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            if (await host.TryCopySnapshotAsync(index, destination, cancellationToken).ConfigureAwait(false) is { } copied)
                return copied;
            // A new snapshot has everything that is applied by now. It may be deleted before it is opened; then the next attempt finds a
            // newer one.
            await TakeSnapshotAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<AdminAnswer> AskAsync(
        AdminOperation operation, string nodeId, string address, CancellationToken cancellationToken, Func<bool>? hasHappened = null)
    {
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        var (replica, clock) = (host.Replica, host.Clock);
        var startedAt = clock.Ticks;
        var noLeaderSince = startedAt;
        var mayHaveHappened = false;
        var result = await AskLeader.ExecuteAsync(async token =>
        {
            if (hasHappened?.Invoke() == true)
                return new AdminResult(null, "");
            if (replica.Status is { Role: RaftKvRole.Removed } removed)
            {
                throw mayHaveHappened
                    ? Errors.ChangeUnknown($"{removed.NodeId} was removed from the cluster before it was answered")
                    : Errors.Removed(removed.NodeId);
            }
            var call = new AdminCall { Operation = operation, NodeId = nodeId, Address = address };
            var askedAt = clock.Ticks;
            host.PostRequest(call);
            var answer = await WaitAsync(call, startedAt, token).ConfigureAwait(false);
            mayHaveHappened |= answer.Unknown;
            // A leader worked on the call until it lost its leadership: the time for the next leader to appear begins now.
            if (clock.Ticks - askedAt > options.ElectionTimeout.Ticks)
                noLeaderSince = clock.Ticks;
            var isOver = clock.Ticks - noLeaderSince > options.RequestTimeout.Ticks || HasNoTimeLeft(operation, startedAt);
            if (answer.Retry && isOver)
                throw mayHaveHappened ? Errors.ChangeUnknown(answer.Message) : Refusal(replica.Status);
            return answer;
        }, cancellationToken).ConfigureAwait(false);
        return new AdminAnswer(result, mayHaveHappened);
    }

    /// <summary>The status while there is no replica.</summary>
    private RaftKvStatus StatusWithoutReplica()
    {
        var failure = access.Failure;
        if (failure is null && !access.IsOpening)
            return access.Host.Replica.Status;
        return new RaftKvStatus
        {
            NodeId = options.NodeId,
            Address = options.AdvertiseAddress ?? options.ListenAddress,
            Role = failure is null ? RaftKvRole.Opening : RaftKvRole.Faulted,
            Readiness = failure is null ? RaftKvReadiness.Opening : RaftKvReadiness.Faulted,
            Durability = options.Durability,
            Fault = failure?.Message,
        };
    }

    private async Task<AdminResult> WaitAsync(AdminCall call, long startedAt, CancellationToken cancellationToken)
    {
        if (!IsLimited(call.Operation))
            return await call.Done.WaitAsync(cancellationToken).ConfigureAwait(false);
        var left = TimeLeft(startedAt);
        try
        {
            return await call.Done.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw Errors.ChangeUnknown($"it was not answered within {Limit.TotalSeconds:N0} s");
        }
    }

    /// <summary>
    /// A new voter may have to receive much data: its call ends only when there was no progress for a while. Every other call ends within
    /// <see cref="Limit"/>.
    /// </summary>
    private static bool IsLimited(AdminOperation operation) => operation != AdminOperation.AddMember;

    private bool HasNoTimeLeft(AdminOperation operation, long startedAt) => IsLimited(operation) && TimeLeft(startedAt) <= TimeSpan.Zero;

    private TimeSpan TimeLeft(long startedAt) => Limit - TimeSpan.FromTicks(access.Host.Clock.Ticks - startedAt);

    private RaftKvUnavailableException Refusal(RaftKvStatus status) => status.Role switch
    {
        RaftKvRole.Unformed => Errors.NotFormed(status.WaitsFor),
        RaftKvRole.Removed => Errors.Removed(status.NodeId),
        RaftKvRole.Faulted => Errors.Faulted(status.Fault ?? "", null),
        RaftKvRole.Stopped => Errors.Stopping(),
        _ => status.LeaderId is { } leader ? Errors.NoQuorum(leader, options.RequestTimeout) : Errors.NoLeader(options.RequestTimeout),
    };

    private static void ThrowIfRefused(AdminAnswer answer)
    {
        if (answer.Result.Error is { } error)
            throw new RaftKvMembershipException(error, answer.Result.Message);
    }

    /// <summary>
    /// The last answer of a leader, and whether an earlier attempt may have been carried out although its answer was lost.
    /// </summary>
    private readonly record struct AdminAnswer(AdminResult Result, bool MayHaveHappened);
}

using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The first start of a node. A node that finds a cluster at its seeds or initial members asks to be admitted, until a committed
/// configuration names its data directory. Without a cluster, every initial member waits; the one with the smallest name bootstraps the
/// cluster once it has seen all of them, all without a history and with the same list, and has noted their incarnations. From then on the
/// others join like any new node. So a wiped node can never bootstrap the cluster a second time while one of the others remembers it.
/// </summary>
internal sealed class ClusterBootstrapper(
    RaftKvOptions options, LocalIdentity identity, ClusterBootstrap bootstrap, ContactPoints contacts, ITransport transport,
    Func<PeerHello> self, Replica replica, BootstrapReport report, ReplicaClock clock, ILogger log, CancellationToken ended)
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);

    /// <summary>How long a node that was adopted waits for its leader before it asks again.</summary>
    private static readonly TimeSpan LeaderTimeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// A node without a disk bootstraps no cluster until so long after its start. Members of its former cluster that InitialMembers does
    /// not have dial it at most 0.5 s apart, and are asked then.
    /// </summary>
    private static readonly TimeSpan ClaimTimeout = TimeSpan.FromSeconds(1);

    private readonly AbandonedCluster _abandoned = new(options, clock);
    private readonly long _startedAt = clock.Ticks;
    private Guid _asked;
    private long _ledAt = clock.Ticks;

    public void Run()
    {
        try
        {
            BootstrapOrWait();
        }
        catch (Exception e)
        {
            // Most likely an error of the disk: the node becomes faulted, and the host goes on.
            replica.Post(new FaultHappened(e));
        }
    }

    private void BootstrapOrWait()
    {
        var pause = TimeSpan.FromMilliseconds(20);
        while (!ended.IsCancellationRequested && !replica.IsSettled)
        {
            var isAdopted = identity.ClusterId != Guid.Empty;
            if (!isAdopted || replica.IsLed)
                _ledAt = clock.Ticks;
            if (!isAdopted || (identity.IsJoining && clock.Ticks - _ledAt >= LeaderTimeout.Ticks))
                TakeStep();
            else
                report.Clear();
            if (ended.WaitHandle.WaitOne(pause))
                return;
            // About a tenth of the time waited so far, which is the most that is lost when the last member comes.
            pause = TimeSpan.FromMilliseconds(Math.Min(500, pause.TotalMilliseconds * 1.1));
        }
        if (ended.IsCancellationRequested)
            return;
        report.Clear();
        identity.EndJoining();
    }

    private void TakeStep()
    {
        var own = self();
        var mode = BootstrapMode.Of(options);
        if (mode == RaftKvBootstrap.SingleNode && own.ClusterId == Guid.Empty)
            return;
        var survey = BootstrapSurvey.Take(options, own, own.ClusterId == Guid.Empty ? Claimants : contacts.Callers,
            address => transport.TryProbe(address, ProbeTimeout, ended));
        if (ended.IsCancellationRequested)
            return;
        if (own.ClusterId != Guid.Empty)
            Rejoin(own, survey);
        else if (survey.Answers.Values.Any(a => a.ClusterId != Guid.Empty && !a.HoldsNothing))
            AskToJoin(survey);
        else if (survey.Mistakes.Count > 0)
            report.Wait(string.Join(' ', survey.Mistakes), isMistake: true);
        else if (survey.Answers.Values.FirstOrDefault(a => a.ClusterId != Guid.Empty) is { } abandoned)
            report.Wait($"{abandoned.NodeId} belongs to the cluster {abandoned.ClusterId}, has nothing of it yet and knows no leader. It "
                + "gives that cluster up once all initial members answer and none has more. "
                + "Start those that do not run.", isMistake: false);
        else if (mode == RaftKvBootstrap.InitialMembers && survey.Missing.Count == 0 && IsBootstrapper && !MayBeClaimed)
            Found(survey);
        else
            WaitForOthers(mode, survey);
    }

    private bool IsInMemory => options.Durability == RaftKvDurability.Memory;

    /// <summary>
    /// A node without a disk forgets its cluster with each restart, so former peers are asked. On a disk that is an accident.
    /// </summary>
    private IReadOnlyList<string> Claimants => IsInMemory ? contacts.Claimants : [];

    private bool MayBeClaimed => IsInMemory && clock.Ticks - _startedAt < ClaimTimeout.Ticks;

    private bool IsBootstrapper => options.NodeId == BootstrapperId;

    private string BootstrapperId => options.InitialMembers.Select(m => m.NodeId).Min(StringComparer.Ordinal)!;

    /// <summary>
    /// This node was adopted by a cluster whose entry about it may be lost: it asks the cluster once more, or gives up a cluster that no
    /// longer exists.
    /// </summary>
    private void Rejoin(PeerHello own, BootstrapSurvey survey)
    {
        if (_abandoned.IsCertain(own, survey))
        {
            replica.Post(new ClusterAbandoned(own.ClusterId));
            return;
        }
        var members = survey.Answers.Where(a => a.Value.ClusterId == own.ClusterId && !a.Value.HoldsNothing).Select(a => a.Key).ToList();
        if (members.Count > 0)
            Ask(own.ClusterId, members);
        else
            report.Wait($"It belongs to the cluster {own.ClusterId}, hears no leader and knows no member that answers. Start the "
                + "members, or add this node again through one of them.", isMistake: false);
    }

    private void AskToJoin(BootstrapSurvey survey)
    {
        var formed = survey.Answers
            .Where(a => a.Value.ClusterId != Guid.Empty && !a.Value.HoldsNothing && IsExpected(a.Key, a.Value)).ToList();
        if (formed.Count == 0)
        {
            var (address, other) = survey.Answers.First(a => a.Value.ClusterId != Guid.Empty);
            report.Wait($"The node at {address} has the NodeId {other.NodeId}, belongs to cluster {other.ClusterId} and is no "
                + "initial member. Correct InitialMembers.", isMistake: true);
            return;
        }
        var cluster = formed[0].Value.ClusterId;
        if (formed.Exists(a => a.Value.ClusterId != cluster))
            report.Wait($"{string.Join(", ", formed.Select(a => $"{a.Key} belongs to cluster {a.Value.ClusterId}"))}. Correct the "
                + "addresses; this node joins neither.", isMistake: true);
        else
            Ask(cluster, formed.ConvertAll(a => a.Key));
    }

    private void Ask(Guid cluster, List<string> addresses)
    {
        foreach (var address in addresses)
        {
            if (transport.TryProbe(address, ProbeTimeout, ended, wantsToJoin: true) is not { } answer)
                continue;
            if (_asked != cluster)
                log.JoinRequestSent(options.NodeId, cluster, address);
            _asked = cluster;
            if (answer.JoinAnswer.Length > 0)
                report.Wait($"The cluster {cluster} does not admit it for now: {answer.JoinAnswer} If two nodes have the NodeId "
                    + $"{options.NodeId}, give each its own.", isMistake: true,
                    subject: $"refused by {cluster}");
            else
                report.Wait($"It has asked the cluster {cluster} at {address} to admit it. The cluster needs a leader for that.",
                    isMistake: false);
            return;
        }
    }

    /// <summary>
    /// At a seed any node may answer. At the address of an initial member only that member may, because the address may have been given to
    /// a node of another cluster. A claimant has dialled this node, because its cluster counts this node among its members.
    /// </summary>
    private bool IsExpected(string address, PeerHello answer) =>
        options.Seeds.Contains(address) || Claimants.Contains(address)
        || options.InitialMembers.Any(m => m.Address == address && m.NodeId == answer.NodeId);

    private void Found(BootstrapSurvey survey)
    {
        var members = options.InitialMembers.Select(m => new Member(m.NodeId, m.Address, IncarnationOf(m, survey), MemberRole.Voter));
        var level = survey.Answers.Values.Select(a => a.FeatureLevel).Append(FeatureLevels.Of(options)).Min();
        var limits = survey.Answers.Values.Select(a => a.Limits)
            .Aggregate(ClusterLimits.Of(options), static (all, one) => one is null ? all : all.And(one));
        if (bootstrap.TryBootstrap([.. members], level, limits) is not { } start)
            return;
        log.ClusterBootstrapped(options.NodeId, identity.ClusterId, options.InitialMembers.Count);
        replica.Post(new Bootstrapped(start));
    }

    private Guid IncarnationOf(RaftKvMember member, BootstrapSurvey survey) =>
        member.NodeId == options.NodeId ? identity.Incarnation : survey.Answers[member.Address].Incarnation;

    /// <summary>What this node waits for when another one bootstraps the cluster, or already has.</summary>
    private void WaitForOthers(RaftKvBootstrap mode, BootstrapSurvey survey)
    {
        if (options.IsRestoreDeclined)
            report.Wait("A living cluster counts this node among its members and admits it once its former data directory has been "
                + "silent for long enough. Remove RestoreFrom.", isMistake: false);
        else if (options.InitialMembers.Count + options.Seeds.Count == 0)
            report.Wait("Its options name no other node. Add it through a member of the cluster (AddMemberAsync), or set Seeds to "
                + "addresses of the cluster, or InitialMembers to the same list on every node of a "
                + "new cluster, or Bootstrap to SingleNode for a cluster of one.", isMistake: options.Bootstrap != RaftKvBootstrap.Never);
        else if (survey.Missing.Count > 0)
            report.Wait($"These initial members cannot be reached: {string.Join(", ", survey.Missing)}. Start them, or correct "
                + "InitialMembers.", isMistake: false);
        else if (mode == RaftKvBootstrap.InitialMembers)
            report.Wait($"All initial members answer. {BootstrapperId} bootstraps the cluster once it has seen them as well.",
                isMistake: false);
        else
            report.Wait($"No node of a cluster answers at "
                + $"{string.Join(", ", options.Seeds.Concat(options.InitialMembers.Select(m => m.Address)).Distinct())}. Start the "
                + "cluster, or correct the addresses.", isMistake: false);
    }
}

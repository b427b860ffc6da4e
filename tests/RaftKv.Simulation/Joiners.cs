using RaftKv.Embedded;
using RaftKv.Embedded.Node;

namespace RaftKv.Simulation;

/// <summary>
/// What the thread of <see cref="ClusterBootstrapper"/> does after a node was added, or while it waits for that: it asks to be admitted
/// until a committed configuration names the node, and gives up a cluster that no longer exists.
/// </summary>
internal sealed class Joiners
{
    private const long Interval = 300 * VirtualTime.Millisecond;

    private readonly Simulation _run;
    private readonly Dictionary<SimNode, long> _asksFrom = [];
    private readonly Dictionary<SimNode, AbandonedCluster> _abandoned = [];
    private readonly SimRandom _chance;

    public Joiners(Simulation run)
    {
        _run = run;
        _chance = run.Random.Fork("joiners");
        foreach (var node in run.Nodes)
        {
            // Founders ask from the start; the others begin to ask at some time during the run.
            _asksFrom[node] = IsBootstrapper(node) ? 0 : _chance.Below(run.Swarm.Length);
            _abandoned[node] = new AbandonedCluster(node.Options, node.Clock);
        }
    }

    public void Start()
    {
        if (!_run.Swarm.Asking)
            return;
        foreach (var node in _run.Nodes)
            AskLater(node);
    }

    /// <summary>Whether a node still asks, or will ask.</summary>
    public bool IsAsking(SimNode node) => _run.Swarm.Asking && node.IsListening && !node.Replica.IsSettled;

    /// <summary>A node that has not asked yet asks now.</summary>
    public void AskNow(SimNode node, SimNode whom)
    {
        _asksFrom[node] = _run.Time.Now;
        _run.Network.AskToJoin(node, whom);
    }

    private bool IsBootstrapper(SimNode node) => _run.Nodes.Take(_run.Swarm.Founders).Contains(node);

    private void AskLater(SimNode node) => _run.Time.After(_chance.Around(Interval), () =>
    {
        if (node.IsListening && node.PausedUntil <= _run.Time.Now && _run.Time.Now >= _asksFrom[node])
            Ask(node);
        AskLater(node);
    });

    private void Ask(SimNode node)
    {
        if (node.Replica.IsSettled)
        {
            Settle(node);
            return;
        }
        var hello = node.Admission.Identity;
        if (hello.ClusterId != Guid.Empty && (node.Replica.IsLed || !node.Identity.IsJoining))
            return;
        var survey = BootstrapSurvey.Take(node.Options, hello, [], address => _run.Network.Peek(node, _run.NodeAt(address)));
        if (hello.ClusterId != Guid.Empty && IsBootstrapper(node) && _abandoned[node].IsCertain(hello, survey))
            node.Run("joiner", () => node.Replica.Post(new ClusterAbandoned(hello.ClusterId)));
        else
            _run.Network.AskToJoin(node, _chance.Pick(_run.Nodes.Where(n => n != node).ToList()));
    }

    private static void Settle(SimNode node) => node.Run("joiner", () =>
    {
        try
        {
            node.Identity.EndJoining();
        }
        catch (RaftKvStorageException e)
        {
            node.Replica.Post(new FaultHappened(e));
        }
    });
}

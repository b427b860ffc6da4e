using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;
using RaftKv.Simulation.Clients;

namespace RaftKv.Simulation.Faults;

/// <summary>
/// A member gets an empty disk, or a new node becomes a member, while another member does not hear the leader and knows nothing of it. Then
/// the new member leads, and may be the only one that can: the other member must accept its messages, and find out how to answer.
/// </summary>
internal sealed class ReplacedDisk(Simulation run) : Fault(run)
{
    private bool _isUnderWay;

    public override bool IsEnabled(Swarm swarm) => swarm.Replacements;

    public override bool Inject(SimRandom chance)
    {
        if (_isUnderWay || !Run.Operators.IsIdle || Run.Nodes.Any(n => n.IsDamaged) || Leader is not { } leader || Followers(leader) is not { Count: >= 2 } followers)
            return false;
        var bystander = chance.Pick(followers);
        var strangers = Run.Nodes.Where(n => n.IsListening && leader.Core!.Configuration.Find(n.Id) is null).ToList();
        var isMember = followers.Count > 2 && (strangers.Count == 0 || chance.OneIn(2));
        if (!isMember && strangers.Count == 0)
            return false;
        var newNode = chance.Pick(isMember ? followers.Where(n => n != bystander).ToList() : strangers);
        Run.Transcript.Add(bystander.Id,
            $"does not hear {leader.Id}, while {newNode.Id} {(isMember ? "gets another disk" : "is admitted")}");
        _isUnderWay = true;
        Run.Network.Part(leader, bystander, Run.Time.Now + (60 * VirtualTime.Second));
        // The longer wait exceeds the time for which an unknown peer is dialled after its last message.
        var wait = chance.OneIn(3) ? chance.Between(31_000, 34_000) : chance.Between(0, 500);
        Run.Operators.Admit(newNode, isMember, () =>
        {
            Run.Faults.Wait(wait * VirtualTime.Millisecond);
            Run.Time.After(wait * VirtualTime.Millisecond, () => Finish(leader, bystander, newNode, chance));
        });
        return true;
    }

    private void Finish(SimNode leader, SimNode bystander, SimNode newNode, SimRandom chance)
    {
        _isUnderWay = false;
        if (Run.IsHealing)
            return;
        if (!leader.Leads || leader.PausedUntil > Run.Time.Now || !newNode.IsListening || chance.OneIn(4))
        {
            Run.Network.Join(leader, bystander);
            return;
        }
        if (chance.OneIn(2))
        {
            _ = new AdminOperationCall(Run, leader, AdminOperation.TransferLeadership, newNode.Id, "", _ => { });
            Run.EndOfFaults = Math.Min(Run.EndOfFaults, Run.Time.Now + (chance.Between(200, 2000) * VirtualTime.Millisecond));
            return;
        }
        Run.Transcript.Add(leader.Id, $"reaches only {newNode.Id}");
        foreach (var other in Run.Nodes.Where(n => n != newNode && n != leader))
            Run.Network.Part(leader, other, Run.Time.Now + VirtualTime.Second);
        Run.Time.After(chance.Between(10, 200) * VirtualTime.Millisecond, () => { if (!Run.IsHealing && leader.Leads) Run.Misses(leader); });
    }
}

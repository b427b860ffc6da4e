using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;
using RaftKv.Simulation.Clients;

namespace RaftKv.Simulation.Faults;

/// <summary>
/// Another leader is elected while the old one believes to lead. Either the old leader is cut off, and what it appends meanwhile is
/// overwritten, often by a snapshot, in part before its own disk has it. Or it is replaced, or hands over, and does not hear of the new
/// leader while the last answers to it are late.
/// </summary>
internal sealed class StaleLeader(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.StaleLeaders;

    public override bool Inject(SimRandom chance)
    {
        if (Leader is not { } leader || Followers(leader) is not { Count: >= 2 } followers)
            return false;
        if (chance.OneIn(2))
            CutOff(leader, followers, chance);
        else
            Overthrow(leader, followers, chance);
        return true;
    }

    private void CutOff(SimNode leader, List<SimNode> followers, SimRandom chance)
    {
        var length = chance.Between(400, 1800) * VirtualTime.Millisecond;
        List<SimNode> party = [leader];
        if (followers.Count > 2 && chance.OneIn(2))
            party.Add(chance.Pick(followers));
        Run.Transcript.Add(leader.Id, $"is cut off for {length / VirtualTime.Millisecond} ms{(party.Count > 1 ? $" together with {party[1].Id}" : "")}");
        foreach (var inside in party)
        {
            foreach (var outside in Run.Nodes.Except(party))
                Run.Network.Part(inside, outside, Run.Time.Now + length);
            if (chance.OneIn(2))
                inside.StallLog(chance.Between(50, 600) * VirtualTime.Millisecond, chance.OneIn(4) ? 0 : length + (chance.Between(0, 1500) * VirtualTime.Millisecond));
        }
    }

    private void Overthrow(SimNode leader, List<SimNode> followers, SimRandom chance)
    {
        var heir = chance.Pick(followers);
        var (delay, until) = (chance.Between(20, 200) * VirtualTime.Millisecond, Run.Time.Now + (chance.Between(200, 800) * VirtualTime.Millisecond));
        Run.Transcript.Add(leader.Id, $"hears nothing of {heir.Id}, and everybody else {delay / VirtualTime.Millisecond} ms late");
        Run.Network.Block(heir, leader, until);
        foreach (var other in followers.Where(n => n != heir))
            Run.Network.Slow(other, leader, until, delay);
        var handsOver = chance.OneIn(2);
        Run.Time.After(chance.Between(5, 60) * VirtualTime.Millisecond, () =>
        {
            if (Run.IsHealing || !leader.Leads || leader.PausedUntil > Run.Time.Now)
                return;
            if (handsOver)
                _ = new AdminOperationCall(Run, leader, AdminOperation.TransferLeadership, heir.Id, "", _ => { });
            else
                followers.ForEach(other => Run.Network.ResetBetween(leader, other));
        });
    }
}

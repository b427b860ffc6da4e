namespace RaftKv.Simulation.Mutations;

internal static partial class Catalogue
{
    /// <summary>Disks that go back in time.</summary>
    private static IEnumerable<Mutation> Rollbacks =>
    [
        new("rollback-unseen", "no peer compares a directory with what it has seen of it",
            new Edit("Node/Bootstrap/PeerMemory.cs", "return hello.Start is { } told && Find",
                "return hello.Start is { Count: < 0 } told && Find")) { In = Profile.Rollbacks },
        new("rolled-back-directory-votes", "a node that was told that its directory is older votes and acknowledges on, under its new identity as under the old one",
            new Edit("Node/Bootstrap/RollbackProof.cs", "(_isProven && !_isFenced) || send.Message is",
                "context.Core is not null || send.Message is"),
            new Edit(
                "Node/Peers/PeerAdmission.cs", "        if (IsOlder(hello))\n            return HandshakeVerdict.RolledBack;\n        age?",
                "        IsOlder(hello);\n        age?"),
            new Edit("Node/Peers/PeerAdmission.cs", "        if (IsOlder(answer))\n            return HandshakeVerdict.RolledBack;\n        age?", "        IsOlder(answer);\n        age?"))
        { In = Profile.Rollbacks },
        new("start-is-what-is-told-last", "a directory is compared by its count of starts and not by what its last process acknowledged",
            new Edit("Node/Bootstrap/PeerMemory.cs", "return told.Term < known.Term || (known.HasVoted && !told.HasVoted) || told.LastIndex < known.Match;", "return false;")) { In = Profile.Rollbacks },
        new("taken-back-acknowledgement-counts", "a leader goes on counting what a follower acknowledged and has lost since",
            new Edit("Node/Bootstrap/PeerMemory.cs", "return hello.Start is { } told && Find",
                "return hello.Start is { Count: < 0 } told && Find"),
            new Edit("Consensus/Leadership.cs", "m.Previous <= peer.Match && m.Round > peer.MatchRound",
                "m.Previous < 0")) { In = Profile.Rollbacks },
        new("rounds-of-an-earlier-leadership",
            "an answer to a message of an earlier leadership counts as one to the present leadership (was here)",
            new Edit("Consensus/RaftCore.cs", "Previous: 0, HeartbeatRounds.None)", "m.Previous.Index, m.Round)"),
            new Edit("Consensus/Leadership.cs", "=> round <= Rounds.Newest;", "=> round <= Rounds.Newest || round > 0;"))
        { In = Profile.LateMessages },
        new("empty-directory-votes",
            "a directory that has a cluster and no entry counts as proven, and its node dials no initial member (was here)",
            new Edit("Node/Bootstrap/RollbackProof.cs", "context.Identity.IsNew || _beganAlone;",
                "context.Identity.IsNew || !core.HasOtherVoters;"),
            new Edit("Node/Peers/PeerDirectory.cs", "        AddInitialMembers(peers);\n", ""),
            new Edit("Node/Peers/PeerDirectory.cs", "private void AddInitialMembers(", "internal void AddInitialMembers("))
        { In = Profile.Rollbacks },
        new("directory-without-cluster-votes",
            "a directory that had no cluster when its process started is taken for a new one (was here)",
            new Edit("Node/Bootstrap/LocalIdentity.cs", "        _isJoining = true;\n", "        _isJoining = IsNew = true;\n"))
        { In = Profile.Rollbacks },
        new("rolled-back-member-forgotten",
            "a node forgets that a member introduced itself under a new identity while it did not lead, and does not "
                + "admit it when it leads",
            new Edit("Node/Membership/MemberDiscovery.cs", "if (request.IsRolledBack && known is not null)",
                "if (request.IsRolledBack && known is null)")) { In = Profile.Rollbacks },
    ];
}

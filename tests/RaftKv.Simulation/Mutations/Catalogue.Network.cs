namespace RaftKv.Simulation.Mutations;

// Links that are slow: what is sent again, when, and what waits for what.
internal static partial class Catalogue
{
    private static IEnumerable<Mutation> Network =>
    [
        new("entries-repeated-by-time", "entries that are not acknowledged in time are sent again, although nothing was lost (was here)",
            new Edit("Consensus/Replication.cs", "SendAppend(peer, peer.Next - 1, default, keepsItsPlace: true);",
                "peer.BecomeProbe(peer.Match + 1);")) { In = Profile.SlowLinks },
        new("snapshot-repeated-by-time", "pieces of a snapshot that are not answered in time are sent again, although nothing was lost (was here)",
            new Edit(
                "Consensus/SnapshotSending.cs",
                "            SendPiece(peer, snapshot.Last, snapshot.TotalBytes, snapshot.Sent, default);",
                "        {\n            peer.SnapshotWanted(snapshot.Acknowledged, replica.Now);\n            AskNextPiece(peer, snapshot);\n        }")) { In = Profile.SlowLinks },
        new("arrival-never-asked", "a leader does not ask whether what it sent last has arrived, so what was lost is never sent again",
            new Edit("Consensus/Replication.cs", "peer.InflightMessages == 0 || !peer.Link.IsCheckDue(replica.Now))",
                "peer.InflightMessages >= 0)")),
        new("heartbeat-names-what-is-under-way", "a heartbeat that passes the entries asks whether they are there",
            new Edit("Consensus/Replication.cs", "ProgressState.Replicate when peer.Match >= log.Base.Index => peer.Match,",
                "ProgressState.Replicate => peer.Next - 1,")) { In = Profile.SlowLinks },
        new("writes-repeated-by-time", "a write without an outcome is given to the leader again after a second (was here)",
            new Edit("Node/Calls/PendingProposals.cs", "else if (context.Now.Ticks >= write.RetryAt)", "else if (context.Now.Ticks >= write.RetryAt || context.Now.Ticks - write.SentAt >= TimeSpan.TicksPerSecond)")) { In = Profile.SlowLinks },
        new("pieces-wait-without-bound", "pieces of a snapshot wait for the disk however many there are (was here)",
            new Edit("Consensus/WaitingPieces.cs", "(bytes == 0 || Bytes + bytes > most)", "bytes == 0"),
            new Edit("Consensus/SnapshotTransfer.cs", "\n            && Sent - Acknowledged < settings.MaxSnapshotWaitingBytes",
                "")) { In = Profile.SlowLinks },
    ];
}

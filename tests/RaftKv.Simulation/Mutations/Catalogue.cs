namespace RaftKv.Simulation.Mutations;

/// <summary>
/// The bugs that are planted: serious bugs of other systems, bugs from the literature, and bugs that this project once had ("was here").
/// </summary>
internal static partial class Catalogue
{
    public static IEnumerable<Mutation> All => [.. Elections, .. Replication, .. Reads, .. Members, .. Joining, .. Disks, .. Sessions, .. Data, .. Rollbacks, .. Network, .. OnceHere];

    private static IEnumerable<Mutation> Elections =>
    [
        new("vote-without-log-check", "a vote is given to candidates whose log is behind",
            new Edit("Consensus/Elections.cs", "var upToDate = m.Last.IsUpToDateWith(replica.Log.Last);",
                "var upToDate = m.Last.Index >= 0;")),
        new("second-vote-in-a-term", "every candidate gets a vote, also the second one in a term",
            new Edit("Consensus/Elections.cs", "var granted = upToDate && (votedFor is null || votedFor == from);",
                "var granted = upToDate;")),
        new("vote-not-persisted", "a restart forgets the vote",
            new Edit("Node/Disk/LogWriter.cs", "case WriteVote vote: wal.SaveVote(vote.Term, vote.VotedFor, vote.PromiseMs); break;",
                "case WriteVote: break;")),
        new("vote-before-durable", "a vote leaves before it is on the disk",
            new Edit("Node/Disk/LogSubmissions.cs", "if (_barrier > _durableTicket || _held.Count > 0)", "if (_held.Count > 0)")),
        new("refusal-counts-as-vote", "a refusal of the same term counts as a vote",
            new Edit("Consensus/Elections.cs", "else if (!m.PreVote && m.Granted && roles.Role == RaftRole.Candidate",
                "else if (!m.PreVote && roles.Role == RaftRole.Candidate")),
        new("no-check-quorum", "a leader that reaches no other node leads on",
            new Edit("Consensus/Leadership.cs", "if (now >= _quorumGraceUntil && now - QuorumContact() >= 2 * settings.ElectionTimeout)",
                "if (now < 0)")),
    ];

    private static IEnumerable<Mutation> Replication =>
    [
        new("old-term-commit", "an entry of an old term commits by counting (Raft figure 8)",
            new Edit("Consensus/Leadership.cs", "if (agreed > _replica.CommitIndex && _replica.Log.TermAt(agreed) == _replica.Term)",
                "if (agreed > _replica.CommitIndex)")),
        new("leader-counts-its-memory", "the leader counts itself before its own disk has the entry",
            new Edit("Consensus/Leadership.cs", "own: _replica.Log.DurableIndex", "own: _replica.Log.LastIndex")),
        new("ack-before-durable", "a follower acknowledges what its disk does not have yet",
            new Edit("Consensus/Following.cs", "private long DurableMatch => Math.Min(_verified, replica.Log.DurableIndex);",
                "private long DurableMatch => _verified;")),
        // To match the disk's confirmation of an append by its index alone, and not by index and term, would change nothing, because of the
        // barrier of a vote. An append that was replaced has an earlier term. While it waits in the list it is found first. Only a snapshot
        // of the new term clears the list, no leader sends one before it has an answer of that term, and no answer leaves before the disk
        // has confirmed the vote, and with it everything before. So the planted bug is that a confirmation counts for later appends.
        new("word-counts-for-later-appends", "the disk's word about an append counts for those behind it",
            new Edit("Consensus/RaftLog.cs", "while (done < _pending.Count && _pending[done].Last != last)", "while (done < _pending.Count - 1)")),
        new("truncates-a-matching-suffix", "a late append removes what follows it, although it agrees",
            new Edit("Consensus/Following.cs", "(entries[known].Index <= replica.CommitIndex || log.Contains(entries[known].Id))",
                "entries[known].Index <= replica.CommitIndex"),
            new Edit("Consensus/Following.cs", "Invariant.Holds(first > _verified, \"what agrees with the leader is never truncated\");",
                "")),
        new("commits-the-unverified", "a follower commits what it has not compared with its leader",
            new Edit("Consensus/Following.cs", "        AdvanceCommit(Math.Min(m.Commit, _verified));\n        if (!isNotice)",
                "        AdvanceCommit(Math.Min(m.Commit, replica.Log.LastIndex));\n        if (!isNotice)")),
        new("no-log-check", "a follower appends without comparing what comes before",
            new Edit("Consensus/Following.cs", "if (m.Previous.Index > replica.CommitIndex && !replica.Log.Contains(m.Previous))",
                "if (m.Previous.Index > replica.Log.LastIndex)")),
        new("wrong-back-up", "a leader that is refused asks for the same place again",
            new Edit("Consensus/Replication.cs", "peer.BecomeProbe(Math.Min(next, m.Previous));", "peer.BecomeProbe(m.Previous + 1);")),
        new("term-ignored-in-replies", "a leader takes no notice of a higher term in an answer",
            new Edit("Consensus/RaftCore.cs", "if (message is AppendEntries or AppendReply or InstallSnapshot or InstallSnapshotReply or TimeoutNow or ReadIndexReply\n", "if (message is AppendEntries or InstallSnapshot or TimeoutNow or ReadIndexReply\n")),
        new("boundless-log", "proposals are taken however many wait",
            new Edit("Consensus/LeaderLog.cs", ": replica.Log.HeldBytes > replica.Settings.MaxUncommittedBytes ? RefusalReason.Overloaded",
                ": replica.Log.HeldBytes < 0 ? RefusalReason.Overloaded")) { In = Profile.Overload },
        new("full-disk-ends-the-log", "a log that has no room for its next segment counts as failed",
            new Edit("Storage/Wal/Wal.cs", "catch (Exception e) when (e is not WalNoRoomException)\n        {\n            Fail(e);\n            throw;\n        }\n        _batch", "catch (Exception e)\n        {\n            Fail(e);\n            throw;\n        }\n        _batch")) { In = Profile.FullDisks },
        new("full-quorum-spared", "followers whose disks lack room are sent no entries, although no quorum is left without them (was here)",
            new Edit(
                "Consensus/PeerSet.cs", "peer.TakesEntries || (peer.IsVoter && IsNeededForQuorum(peer))", "peer.TakesEntries"))
            {
                In = Profile.FullDisks,
            },
        new("disk-backlog-not-counted", "a leader does not count what waits for its own disk, because a quorum without it commits",
            new Edit("Consensus/RaftLog.cs", "public long HeldBytes => Math.Max(UnappliedBytes, UndurableBytes);", "public long HeldBytes => UnappliedBytes;")) { In = Profile.Overload },
    ];

    private static IEnumerable<Mutation> Reads =>
    [
        new("read-without-quorum", "a leader answers reads without a heartbeat round that a quorum answered",
            new Edit("Consensus/ReadIndexes.cs", "_reads.Ask(leadership.Rounds.Newest + 1, replica.CommitIndex);\n            leadership.Heartbeats.AskQuorum();", "_reads.Ask(leadership.Rounds.Newest, replica.CommitIndex);\n            AnswerAsked(replica.CommitIndex);")),
        new("read-by-an-old-round", "a read is proven by the round that was under way before it",
            new Edit("Consensus/ReadIndexes.cs", "_reads.Ask(leadership.Rounds.Newest + 1, replica.CommitIndex);",
                "_reads.Ask(leadership.Rounds.Newest, replica.CommitIndex);")) { In = Profile.StaleLeaders },
        new("read-before-own-commit", "a new leader answers reads before it has committed an entry of its own term",
            new Edit("Consensus/ReadIndexes.cs", "else if (leadership.CanServeReads)\n        {\n            _reads.Ask",
                "else\n        {\n            _reads.Ask")),
        new("read-before-applied", "a read does not wait until its index is applied",
            new Edit("Node/Calls/PendingReads.cs", "if (context.Applier.AppliedIndex >= ready.Index || ", "if (ready.Index >= 0 || ")),
        new("stale-read-after-restart", "a restarted node serves its own copy at once",
            new Edit("Node/Status/CopyFreshness.cs", "private bool _mustCatchUp = true;", "private bool _mustCatchUp;")),
        new("age-from-the-answer", "the age of a copy counts from when the read index was applied, not from when it was asked for",
            new Edit("Node/Status/CopyFreshness.cs", "Interlocked.CompareExchange(ref _freshAt, batch.AskedAt, seen)",
                "Interlocked.CompareExchange(ref _freshAt, context.Clock.Ticks, seen)")),
        new("age-from-contact", "the age of a copy is the time since any message of the leader (was here)",
            new Edit("Node/Status/CopyFreshness.cs", "            return freshAt == long.MinValue ? Timeout.InfiniteTimeSpan", "            if (status.LastLeaderContact is { } contact)\n                return contact;\n            return freshAt == long.MinValue ? Timeout.InfiniteTimeSpan")),
        new("lease-without-drift", "a lease lasts as long as the promise, whatever the clocks do",
            new Edit("Consensus/ReadLease.cs", " * (1 - settings.MaxClockDrift));", ");")) { In = Profile.Leases },
        new("lease-from-the-answer", "a lease counts from the answer instead of from the question",
            new Edit("Consensus/HeartbeatRounds.cs", "_lease.OnRoundAnswered(round, oldest.SentAt)",
                "_lease.OnRoundAnswered(round, _replica.Now)")) { In = Profile.Leases },
        new("promise-ignored", "a promise to a leader does not keep a node from voting",
            new Edit("Consensus/Elections.cs", "return replica.Now < Promises.Until || (roles.Following",
                "return (roles.Following")) { In = Profile.Leases },
        new("clock-read-before-the-inbox", "a turn reads the clock and then takes what has arrived since (was here)",
            new Edit("Node/TurnScheduler.cs", "_inbox.TakeAll(ref _taken);\n        _loop.BeginTurn();",
                "_loop.BeginTurn();\n        _inbox.TakeAll(ref _taken);")) { In = Profile.Leases },
        new("lease-survives-transfer", "a leader that hands over serves reads on",
            new Edit("Consensus/SuccessorSelection.cs", "        lease.Forfeit();\n", "")),
        new("promise-of-the-own-length", "a restarted node keeps promises as long as its own election timeout, whatever the leader was promised",
            new Edit("Consensus/LeasePromises.cs", "now + Math.Max(electionTimeout, Ticks(LongestMs));", "now + electionTimeout;")) { In = Profile.Leases },
        new("promise-forgotten", "a restarted node does not remember that it may have promised",
            new Edit("Consensus/Elections.cs", "        if (mayHavePromised)\n            Promises",
                "        if (replica.Term < 0)\n            Promises")) { In = Profile.Leases },
    ];

    private static IEnumerable<Mutation> Members =>
    [
        new("contact-for-proof", "a leader that was just elected takes voters for alive that have not answered it",
            new Edit("Consensus/QuorumProof.cs", "&& peer.Round >= round;", "&& round > 0;")) { In = Profile.ChangeAfterElection },
        new("open-change-told-as-failed", "a leader that loses its office says of a change in its log that nothing was changed",
            new Edit("Consensus/Outbox.cs", "Retry: true, Unknown: true));", "Retry: true));")) { In = Profile.Growth },
        new("appended-change-told-as-done", "a leader says that a change is done as soon as it is in its log",
            new Edit("Consensus/MembershipChanges.cs", "else if (id is not null)\n            _open = id;",
                "else if (id is { } change)\n            replica.Outbox.Complete(change, \"Done.\");")) { In = Profile.Growth },
        new("learner-promoted-early", "a learner votes before it has caught up",
            new Edit("Consensus/ChangePlanner.cs", "peers.IsInContact(peer) && peer.Match >= replica.ConfigurationIndex\n            && (peer.Match >= replica.CommitIndex || missing <= CatchUpDistance);", "peers.IsInContact(peer);")),
        new("two-changes-in-flight", "a change begins before the one before it is committed",
            new Edit("Consensus/MembershipChanges.cs", "return replica.ConfigurationIndex > replica.CommitIndex ?",
                "return replica.ConfigurationIndex < 0 ?"),
            new Edit("Consensus/MembershipChanges.cs", "log.HasCommittedInTerm && isAlone, \"one change",
                "log.HasCommittedInTerm, \"one change")),
        new("change-before-own-commit", "a new leader changes members before it has committed an entry of its own term (2015)",
            new Edit("Consensus/MembershipChanges.cs", "if (!log.HasCommittedInTerm)\n", "if (replica.ConfigurationIndex < 0)\n"),
            new Edit("Consensus/MembershipChanges.cs", "log.HasCommittedInTerm && isAlone, \"one change", "isAlone, \"one change")),
        new("configuration-kept-on-truncation", "a configuration stays in force although its entry is gone",
            new Edit("Consensus/ReplicaState.cs", "        Configurations.TruncateFrom(first);\n", "")) { In = Profile.StaleLeaders },
        new("new-node-says-it-was-removed",
            "a new node that comes to a configuration from before it was added says that it was removed (was here)",
            new Edit("Consensus/OwnMembership.cs", "if (_wasMember && ", "if (replica.Configuration.Members.Count > 0 && ")),
        new("ready-before-it-has-caught-up", "a node without data says that it is ready as soon as it knows a leader (was here)",
            new Edit("Node/Status/NodeReadiness.cs", "_ when freshness.MustCatchUp => RaftKvReadiness.CatchingUp,", "")),
        new("ready-before-its-promotion", "a node that is to vote says that it is ready while it cannot (was here)",
            new Edit("Node/Status/NodeReadiness.cs", "_ when !parts.HasItsRole => RaftKvReadiness.Joining,", "")),
        new("snapshot-keeps-configuration", "a snapshot does not replace the configuration that was here",
            new Edit("Consensus/ReplicaState.cs", "        Configurations.ReplaceUpTo(last.Index, e.ConfigurationIndex, e.Configuration ?? ClusterConfiguration.Empty, keepsSuffix);\n", "")) { In = Profile.Growth },
    ];

    private static IEnumerable<Mutation> Joining =>
    [
        new("asks-until-adopted",
            "a node that a cluster has adopted is not heard any more when it asks to be admitted, also when the entry about it was "
                + "replaced",
            new Edit("Node/Peers/PeerAdmission.cs", "(hello.ClusterId == Guid.Empty || hello.ClusterId == identity.ClusterId)",
                "hello.ClusterId == Guid.Empty")) { In = Profile.Joiners },
        new("uncommitted-is-enough", "a node stops asking when an entry names it, committed or not",
            new Edit("Node/Bootstrap/BootstrapProgress.cs", "Names(context.Core!.CommittedConfiguration)",
                "Names(context.Core!.Configuration)")) { In = Profile.Joiners },
        new("empty-cluster-kept", "a node keeps the cluster that adopted it although it has no entry of it and no other founder has one either",
            new Edit("Node/Bootstrap/AbandonedCluster.cs", "return clock.Ticks - _since >= Timeout.Ticks;",
                "return clock.Ticks < _since;")) { In = Profile.Joiners },
    ];

    private static IEnumerable<Mutation> Disks =>
    [
        new("no-fsync", "a commit of the log is not synced",
            new Edit("Storage/Wal/Wal.cs", "        if (_options.SyncsCommits)\n            segment.File.Sync();\n", "")),
        new("log-without-salt", "the checksums of the log have no salt, so that a value can look like a record of a later commit",
            new Edit("Storage/Wal/Wal.cs", "isReset, @base, vote, _options.NewSalt());", "isReset, @base, vote, Salt: 0);"),
            new Edit("Storage/Wal/WalOpener.cs", "default, default, options.NewSalt());", "default, default, Salt: 0);")),
        new("snapshot-name-not-synced", "a snapshot's name is not durable when the log before it goes",
            new Edit("Storage/Snapshots/SnapshotStore.cs", "            _fileSystem.Rename(from, PathOf(last));\n            _fileSystem.SyncDirectory(_directory);\n", "            _fileSystem.Rename(from, PathOf(last));\n")),
        new("log-damage-cut-off", "damage in the middle of the log is taken for its end",
            new Edit("Storage/Wal/WalOpener.cs", "_replay.FindLaterCommit(window, end) is { } later)",
                "_replay.FindLaterCommit(window, end) is { } later && later < 0)")) { In = Profile.Damage },
        new("entries-read-unverified", "entries read from the disk are not verified again",
            new Edit("Storage/Wal/WalReader.cs", "if (!record.IsIntact(segment.Salt))", "if (record.Size == 0)")) { In = Profile.Damage },
        new("snapshot-unverified", "a snapshot is loaded without a look at its checksums",
            new Edit("Storage/Snapshots/SnapshotReader.cs", "if (BinaryPrimitives.ReadUInt32LittleEndian(chunk[bytes..]) != _checksum)",
                "if (bytes < 0)")) { In = Profile.Damage },
        new("suffix-kept-by-snapshot", "an installed snapshot keeps a log that conflicts with it",
            new Edit("Consensus/SnapshotReceiver.cs", "var keepsSuffix = replica.Log.Contains(last);",
                "var keepsSuffix = replica.Log.LastIndex >= last.Index;")) { In = Profile.StaleLeaders },
    ];

    private static IEnumerable<Mutation> Sessions =>
    [
        new("no-memory-of-outcomes", "a repeated write is executed again",
            new Edit("StateMachine/SessionTable.cs", "return status == ApplyStatus.None ? null :", "return status >= ApplyStatus.None ? null :")),
        new("snapshot-without-sessions", "a snapshot leaves out the table of sessions",
            new Edit("StateMachine/KvStateMachine.cs", "new KvSnapshot(State(), ", "new KvSnapshot(State() with { Sessions = new SessionTable().Encode() }, ")),
        new("applied-again-after-snapshot", "entries that a snapshot holds are applied once more",
            new Edit("Consensus/ReplicaState.cs", "CommitIndex = _applyIssued = last.Index;", "CommitIndex = last.Index;"),
            // The applier skips what it has applied already, which it needs when an earlier attempt had no room for all of a range.
            new Edit("Node/Apply/Applier.cs", "var next = Math.Max(range.From, AppliedIndex + 1);", "var next = range.From;")),
        // Not to mark a write as uncertain when a snapshot is installed would change nothing while the write is also sent to the leader
        // again in the same turn, and to every new leader: it then has more than one attempt before a refusal or the loss of the session
        // can reach it. So the planted bugs are in what those do with such a write.
        new("lost-session-repeats-all", "when a session is lost, a write that may have been made in it is made again in another",
            new Edit(
                "Node/Calls/PendingProposals.cs", "if (write.Attempts > 1)\n        {\n            write.TryFail(Errors.SessionLost());",
                "if (write.Attempts < 0)\n        {\n            write.TryFail(Errors.SessionLost());")) { In = Profile.Holders },
        new("unknown-told-as-failed", "a write that may still happen is said not to have",
            new Edit("Node/Calls/PendingProposals.cs", "write.TryFail(write.Attempts == 0 ? refusals.Unavailable() : Errors.NoAnswer(context.Options.RequestTimeout));", "write.TryFail(refusals.Unavailable());")),
    ];

    private static IEnumerable<Mutation> OnceHere =>
    [
        new("new-identity-unheard", "a member added anew under another identity is never heard, also when it is the only leader",
            new Edit("Node/Peers/PeerAdmission.cs", "            if (replica.IsLed)\n", "")) { In = Profile.UnknownPeers },
        new("removed-voter-silent", "a voter whose removal is in its log, not known to be committed, stands for no election",
            new Edit("Consensus/Elections.cs", "replica.Configurations.MayStillBeVoter(replica.NodeId, replica.Settings.Incarnation, replica.CommitIndex)", "false")) { In = Profile.UnknownPeers },
        new("takes-its-namesake-for-itself", "a node with a new disk takes the vote of the member whose name it has, in the configuration of an old snapshot, for its own",
            new Edit("Log/Member.cs", "=> Incarnation == incarnation || Incarnation == Guid.Empty || incarnation == Guid.Empty;",
                "=> NodeId.Length > 0 || incarnation == Guid.Empty;")) { In = Profile.ReplacedDisks },
        new("built-on-the-page-cache", "a start builds on names that the last process could not make durable",
            new Edit("Storage/Files/DataDirectory.cs", "            fs.SyncDirectory(root);\n            fs.SyncDirectory(directory.Wal);\n            fs.SyncDirectory(directory.Snapshots);\n", "")) { In = Profile.FailedSyncs },
        new("given-up-before-it-is-said", "a start deletes the segments before the log although only the page cache says that they are done with",
            new Edit("Storage/Wal/WalOpener.cs", "Delete(_found.Keys.Where(IsUnused));",
                "Delete(_found.Keys.Where(sequence => IsUnused(sequence) || IsDone(sequence)));")) { In = Profile.FailedSyncs },
        new("damaged-snapshot-sent-again", "a snapshot that is refused is sent again and again, although it is the leader's disk that has damaged it",
            new Edit("Consensus/SnapshotSending.cs", "if (m.NextOffset == 0 && snapshot.Acknowledged == snapshot.TotalBytes)",
                "if (m.NextOffset < 0)")) { In = Profile.Damage },
        new("refuses-the-uncommitted", "a follower with much that is not committed takes no entries, also not those that would commit it",
            new Edit("Consensus/Following.cs", " && replica.Log.Applied < replica.CommitIndex;", ";")) { In = Profile.Overload },
        new("former-member-under-its-old-identity", "a former member is dialled under the identity an old configuration has",
            new Edit("Node/Peers/PeerDirectory.cs", "Remember(_introduced[former.NodeId]);",
                "Remember(former);")) { In = Profile.UnknownPeers },
        new("silent-unknown-peer-lost", "an unknown peer that was silent for long is not found when it speaks",
            new Edit("Node/Peers/PeerMessages.cs", "                peers.HearUnknown(input.From);\n", "")) { In = Profile.UnknownPeers },
        new("candidate-with-a-new-disk-unheard", "a member that asks for a vote from another disk than an old configuration names gets no answer, also when only it can lead",
            new Edit("Node/Peers/PeerMessages.cs", "                peers.HearOtherIncarnation(input.From, input.Incarnation, vote);\n",
                "")) { In = Profile.UnknownPeers },
    ];
}

using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Tests.Consensus.Model;

/// <summary>Short texts of effects and messages, for transcripts.</summary>
internal static class TranscriptText
{
    public static string? Of(RaftEffect effect) => effect switch
    {
        RoleChanged e => $"{e.Role} in term {e.Term}, leader {e.LeaderId ?? "unknown"} ({e.Cause})",
        ConfigurationChanged e => $"configuration at {e.Index}: [{e.Configuration}]",
        SaveVote e => $"saves term {e.Term}, vote {e.VotedFor ?? "none"}{(e.PromiseMs == 0 ? "" : $", promise {e.PromiseMs} ms")}",
        Append e => $"appends {Entries(e.Entries)}",
        Apply e => e.From == e.To ? $"applies {e.From}" : $"applies {e.From} to {e.To}",
        ReadReady e => $"read may be served at {e.Index}",
        ReadFailed => "read failed",
        ProposalRefused e => $"refuses {e.Commands.Count} commands: {e.Reason}",
        RequestCompleted e => $"answers {(e.Error is { } error ? error.ToString() : "success")}{(e.Retry ? ", retry" : "")}: {e.Message}",
        ReadEntries e => $"reads entries for {e.Peer} from {e.From}",
        ReadSnapshotChunk e => $"reads snapshot for {e.Peer} at {e.Offset}",
        CheckSnapshot e => $"looks whether snapshot {e.Last} is damaged",
        WriteSnapshotChunk e => $"writes snapshot {e.Last} at {e.Offset}, {e.Data.Length} bytes",
        InstallReceivedSnapshot e => $"installs snapshot {e.Last}",
        ResetLog e => $"resets its log behind {e.Base}",
        TruncatePrefix e => $"forgets the log before {e.First}",
        _ => null,
    };

    public static string Of(RaftMessage message) => message switch
    {
        RequestVote m => $"{(m.PreVote ? "pre-vote" : "vote")} for term {m.Term}? last {m.Last}{(m.Transfer ? ", by transfer" : "")}",
        VoteReply m => $"{(m.PreVote ? "pre-vote" : "vote")} {(m.Granted ? "granted" : "refused")}, term {m.Term}",
        AppendEntries m => $"append term {m.Term} after {m.Previous} [{Entries(m.Entries)}] commit {m.Commit} round {m.Round}{(m.LeaseMs > 0 ? $" lease {m.LeaseMs} ms" : "")}",
        AppendReply { Accepted: true } m => $"accepted term {m.Term} match {m.Match} of {m.Previous} round {m.Round}",
        AppendReply m => $"refused term {m.Term} after {m.Previous} hint {m.Hint} round {m.Round}",
        InstallSnapshot m => $"snapshot {m.Last} bytes {m.Offset} to {m.Offset + m.Data.Length} of {m.TotalBytes} term {m.Term}",
        InstallSnapshotReply m => m.Installed ? $"snapshot {m.Last} installed" : $"snapshot {m.Last} wanted from {m.NextOffset}",
        TimeoutNow m => $"take over, term {m.Term}",
        ReadIndexRequest m => $"read index? term {m.Term}",
        ReadIndexReply m => $"read index {m.Index} term {m.Term}",
        RemovedNotice m => $"you were removed by {m.ConfigurationIndex}, term {m.Term}",
        _ => message.ToString(),
    };

    private static string Entries(ReadOnlyMemory<LogEntry> entries)
    {
        var texts = new List<string>();
        foreach (var entry in entries.Span)
            texts.Add(entry.Kind switch { EntryKind.NoOp => $"{entry.Id} no-op", EntryKind.Configuration => $"{entry.Id} configuration", _ => entry.Id.ToString() });
        return string.Join(", ", texts);
    }
}

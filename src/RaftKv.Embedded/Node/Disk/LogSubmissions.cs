using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Submits the records of the log in their order, and holds messages back that must not leave before a vote is durable. Holder of the turn.
/// </summary>
internal sealed class LogSubmissions(LogWriter writer)
{
    /// <summary>Messages that must not leave before the vote with this ticket is durable.</summary>
    private readonly Queue<(long Ticket, Send Message)> _held = new();
    private long _lastTicket;
    private long _durableTicket;
    private long _barrier;

    /// <summary>Whether everything that was submitted is durable.</summary>
    public bool IsIdle => _lastTicket == _durableTicket;

    public void Append(ReadOnlySpan<LogEntry> entries) => writer.Submit(++_lastTicket, entries);

    /// <summary>Messages that are sent from now on are held until the vote is durable.</summary>
    public void SaveVote(SaveVote vote)
    {
        _barrier = ++_lastTicket;
        writer.Submit(new WriteVote(_barrier, vote.Term, vote.VotedFor, vote.PromiseMs));
    }

    public void Reset(EntryId start) => writer.Submit(new RestartLog(++_lastTicket, start));

    public void DropPrefix(long first) => writer.Submit(new DropPrefix(++_lastTicket, first));

    /// <summary>Holds the message if a vote before it is not durable; messages keep their order.</summary>
    public bool TryHold(Send send)
    {
        if (_barrier > _durableTicket || _held.Count > 0)
        {
            _held.Enqueue((_barrier, Keep(send)));
            return true;
        }
        return false;
    }

    public void OnWritten(long ticket) => _durableTicket = ticket;

    /// <summary>The next message that was held and may leave now.</summary>
    public bool TryRelease(out Send send)
    {
        send = null!;
        if (!_held.TryPeek(out var held) || held.Ticket > _durableTicket)
            return false;
        send = _held.Dequeue().Message;
        return true;
    }

    public void DropHeld() => _held.Clear();

    /// <summary>The entries of a message are valid only until the next step, so a message that is held needs a copy.</summary>
    private static Send Keep(Send send) =>
        send.Message is AppendEntries append ? send with { Message = append with { Entries = append.Entries.ToArray() } } : send;
}

using System.Text;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Testing;

/// <summary>The keys that a command would write.</summary>
internal static class WrittenKeys
{
    /// <summary>
    /// The key of a set or delete; of a transaction, those of the writes of both branches, a range by its start. None for other commands.
    /// </summary>
    public static IEnumerable<string> Of(ReadOnlyMemory<byte> command)
    {
        // A command can be read only with a session and a sequence, which it does not have yet.
        var placed = command.ToArray();
        KvCommand.Patch(placed, session: 1, sequence: 1, acknowledgedBelow: 0);
        if (!KvCommand.TryRead(placed, out var read))
            return [];
        if (!read.IsTransaction)
            return read.Key.IsEmpty ? [] : [Encoding.UTF8.GetString(read.Key)];
        return KvCommand.TryReadTransaction(placed, out var transaction)
            ? [.. transaction!.Then.Concat(transaction.Else).Where(o => o.Writes).Select(o => Encoding.UTF8.GetString(o.Keys.From.Span))]
            : [];
    }
}

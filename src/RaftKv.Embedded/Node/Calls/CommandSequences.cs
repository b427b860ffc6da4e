using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

internal static class CommandSequences
{
    /// <summary>The sequences of the commands that are writes of a session.</summary>
    public static List<long> Of(IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        var sequences = new List<long>(commands.Count);
        foreach (var command in commands)
        {
            if (KvCommand.TryReadPlace(command.Span, out _, out var sequence) && sequence > 0)
                sequences.Add(sequence);
        }
        return sequences;
    }
}

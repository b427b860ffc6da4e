using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Tests.StateMachine;

namespace RaftKv.Fuzz.Targets;

/// <summary>The session table of a snapshot: it is refused, or works like any other table.</summary>
internal sealed class SessionTarget : FuzzTarget
{
    private readonly byte[][] _commands = [.. CommandTarget.SamplesOf(Golden("command-v1"))];

    public override IReadOnlyList<byte[]> Corpus { get; } = [Table(0, 0), Table(1, 5), Table(3, 1), Table(9, 200)];

    /// <summary>The windows of all sessions at their largest, decoded and encoded.</summary>
    public override long MaxAllocatedBytes => 4 * 9L * SessionTable.MaxTotalCapacity;

    public override bool Take(byte[] input, bool isAuthentic)
    {
        KvStateMachine machine;
        var store = new DictionaryKvStore();
        try
        {
            machine = new KvStateMachine(store, new KvState(new EntryId(1, 1_000), 1_000_000, ClusterConfiguration.Empty, 0, input));
        }
        catch (FormatException)
        {
            return false;
        }
        var again = StateOf(machine);
        Require(again.Span.SequenceEqual(StateOf(new KvStateMachine(store, new KvState(new EntryId(1, 1_000), 1_000_000, ClusterConfiguration.Empty, 0, again))).Span),
            "a table is written differently the second time");
        // Commands with the lowest sequence numbers, with usual ones, and with the highest.
        foreach (var sample in _commands)
        {
            foreach (var (sequence, acknowledged) in ((long, long)[])[(1, 0), (10, 10), (100, 50), (long.MaxValue, 1), (long.MaxValue, long.MaxValue)])
            {
                var command = sample.ToArray();
                if (sample[1] is 3 or 4)
                    KvCommand.Patch(command, 7, sequence, acknowledged);
                machine.Apply(new LogEntry(1, machine.Applied.Index + 1, 1_000_001, EntryKind.Command, command));
            }
        }
        return true;
    }

    private static ReadOnlyMemory<byte> StateOf(KvStateMachine machine)
    {
        using var snapshot = machine.CaptureSnapshot();
        return snapshot.State.Sessions;
    }

    private static byte[] Table(int sessions, int writes)
    {
        var machine = new KvStateMachine(new DictionaryKvStore());
        var open = new byte[KvCommand.OpenSessionBytes];
        KvCommand.WriteOpenSession(open, Guid.NewGuid(), 3600);
        Apply(new byte[1], 6);
        for (var session = 0; session < sessions; session++)
        {
            Apply(open, 1);
            var id = machine.Applied.Index;
            for (var i = 1; i <= writes; i++)
            {
                var command = new byte[KvCommand.SetBytes(1, 1)];
                KvCommand.WriteSet(command, default, "k"u8, "v"u8);
                KvCommand.Patch(command, id, i, 0);
                Apply(command, 1);
            }
        }
        return StateOf(machine).ToArray();

        void Apply(byte[] command, int times)
        {
            for (var i = 0; i < times; i++)
                machine.Apply(new LogEntry(1, machine.Applied.Index + 1, 1_000_000, EntryKind.Command, command));
        }
    }
}

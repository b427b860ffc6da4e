using System.Buffers.Binary;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Tests.StateMachine;

namespace RaftKv.Fuzz.Targets;

/// <summary>
/// A command in a committed entry: two state machines must have the same result and the same state, and neither may throw.
/// </summary>
internal sealed class CommandTarget : FuzzTarget
{
    /// <summary>
    /// Entries until the state machines are replaced, so that the measured allocation is that of one input and does not grow with their
    /// number.
    /// </summary>
    private const int Lifetime = 200;

    private KvStateMachine _one = WithSession();
    private KvStateMachine _other = WithSession();
    private long _time = 1_000_000;

    public override IReadOnlyList<byte[]> Corpus { get; } =
    [
        .. SamplesOf(Golden("command-v1")), .. SamplesOf(Golden("lifetime-commands-v1")),
        Golden("transaction-v1"), Golden("extended-transaction-v1"),
    ];

    /// <summary>
    /// A command may make the window of a session grow, and the comparison of the two state machines encodes the windows.
    /// </summary>
    public override long MaxAllocatedBytes => 64 * 1024 * 1024;

    public static IEnumerable<byte[]> SamplesOf(byte[] golden)
    {
        for (var at = 0; at < golden.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(golden.AsSpan(at));
            yield return golden[(at + 4)..(at + 4 + length)];
            at += 4 + length;
        }
    }

    public override bool Take(byte[] input, bool isAuthentic)
    {
        if (_one.Applied.Index >= Lifetime)
            Renew();
        var entry = new LogEntry(1, _one.Applied.Index + 1, _time++, EntryKind.Command, input);
        var result = _one.Apply(entry);
        Require(result == _other.Apply(entry), "two state machines answer the same entry differently");
        return result.Status is ApplyStatus.Applied or ApplyStatus.ConditionFailed or ApplyStatus.NotFound;
    }

    public override void Check() => Require(_one.Digest() == _other.Digest(), "two state machines that applied the same differ");

    private void Renew()
    {
        Check();
        (_one, _other) = (WithSession(), WithSession());
    }

    /// <summary>A state machine with session 7, to which the samples belong.</summary>
    private static KvStateMachine WithSession()
    {
        var machine = new KvStateMachine(new DictionaryKvStore());
        for (var index = 1; index <= 6; index++)
            machine.Apply(new LogEntry(1, index, 1_000, EntryKind.NoOp, default));
        var open = new byte[KvCommand.OpenSessionBytes];
        KvCommand.WriteOpenSession(open, Guid.Empty, uint.MaxValue);
        machine.Apply(new LogEntry(1, 7, 1_000, EntryKind.Command, open));
        return machine;
    }
}

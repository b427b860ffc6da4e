using System.Text;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Tests.StateMachine;

/// <summary>Builds a log, entry by entry, and applies it to state machines.</summary>
internal sealed class Entries(params KvStateMachine[] machines)
{
    private long _index = machines[0].Applied.Index;

    public long NowMs { get; set; } = 1_000_000;

    public long Last => _index;

    public long Open(uint timeToLiveSeconds = 60, Guid nonce = default)
    {
        var command = new byte[KvCommand.OpenSessionBytes];
        KvCommand.WriteOpenSession(command, nonce, timeToLiveSeconds);
        return Apply(command).Session;
    }

    public ApplyResult Close(long session)
    {
        var command = new byte[KvCommand.CloseSessionBytes];
        KvCommand.WriteCloseSession(command, session);
        return Apply(command);
    }

    public ApplyResult Set(long session, long sequence, string key, string value, KvCondition when = default, long acknowledgedBelow = 0) =>
        Apply(SetCommand(session, sequence, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), when, acknowledgedBelow));

    public ApplyResult Delete(long session, long sequence, string key, KvCondition when = default, long acknowledgedBelow = 0) =>
        Apply(DeleteCommand(session, sequence, Encoding.UTF8.GetBytes(key), when, acknowledgedBelow));

    public ApplyResult Apply(byte[] payload, EntryKind kind = EntryKind.Command)
    {
        var entry = new LogEntry(1, ++_index, NowMs, kind, payload);
        var result = machines[0].Apply(entry);
        foreach (var other in machines.Skip(1))
            Xunit.Assert.Equal(result, other.Apply(entry));
        return result;
    }

    public static byte[] SetCommand(long session, long sequence, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, KvCondition when = default, long acknowledgedBelow = 0)
    {
        var command = new byte[KvCommand.SetBytes(key.Length, value.Length)];
        KvCommand.WriteSet(command, when, key, value);
        KvCommand.Patch(command, session, sequence, acknowledgedBelow);
        return command;
    }

    public static byte[] DeleteCommand(long session, long sequence, ReadOnlySpan<byte> key, KvCondition when = default, long acknowledgedBelow = 0)
    {
        var command = new byte[KvCommand.DeleteBytes(key.Length)];
        KvCommand.WriteDelete(command, when, key);
        KvCommand.Patch(command, session, sequence, acknowledgedBelow);
        return command;
    }
}

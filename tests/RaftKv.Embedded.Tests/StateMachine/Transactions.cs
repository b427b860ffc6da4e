using System.Buffers.Binary;
using System.Text;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Tests.StateMachine;

/// <summary>Short names for the parts of transactions.</summary>
internal static class Transactions
{
    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    public static TransactionOperation Put(string key, string value) => new(TransactionOperationKind.Put, Key(key), Utf8(value));

    public static TransactionOperation Delete(string key) => new(TransactionOperationKind.Delete, Key(key), default);

    public static TransactionOperation DeleteRange(string from, string to) => new(TransactionOperationKind.DeleteRange, Range(from, to), default);

    public static TransactionOperation Get(string key) => new(TransactionOperationKind.Get, Key(key), default);

    public static TransactionOperation Add(string key, long delta) => new(TransactionOperationKind.Increment, Key(key), Number(delta));

    public static TransactionOperation Add(string key, IncrementBody body) =>
        new(body.HasOptions ? TransactionOperationKind.IncrementWithOptions : TransactionOperationKind.Increment, Key(key), body.Encode());

    public static TransactionCompare Is(KvCompareTarget target, string key, KvRelation relation, long number) => new(target, relation, Key(key), Number(number));

    public static TransactionCompare All(KvCompareTarget target, string from, string to, KvRelation relation, long number) => new(target, relation, Range(from, to), Number(number));

    public static TransactionCompare ValueIs(string key, KvRelation relation, string value) => new(KvCompareTarget.Value, relation, Key(key), Utf8(value));

    public static TransactionCommand Do(params TransactionOperation[] then) => new() { If = [], Then = then, Else = [] };

    public static TransactionCommand When(params TransactionCompare[] compares) => new() { If = compares, Then = [], Else = [] };

    public static byte[] Command(this TransactionCommand transaction, long session, long sequence, long acknowledgedBelow = 0)
    {
        var command = KvCommand.WriteTransaction(transaction);
        KvCommand.Patch(command, session, sequence, acknowledgedBelow);
        return command;
    }

    private static TransactionKeys Key(string key) => TransactionKeys.Key(Utf8(key));

    private static TransactionKeys Range(string from, string to) => TransactionKeys.Range(Utf8(from), Utf8(to));

    private static byte[] Number(long number)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return bytes;
    }
}

using System.Buffers.Text;
using System.Text;
using RaftKv.Embedded.Records;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// Transactions are atomic and happen once: the accounts add up to nothing at every version, and the ledger has counted every transfer that
/// is in the log, once.
/// </summary>
internal static class Accounts
{
    public const int Count = 4;

    public const string Ledger = "ledger";

    public static string Name(int account) => $"account{account}";

    public static void Check(IKvStore store, long transfers, long index)
    {
        var sum = 0L;
        for (var i = 0; i < Count; i++)
            sum += Read(store, Name(i));
        if (sum != 0)
            throw new BrokenInvariantException("Transactions", $"at {index} the accounts add up to {sum}");
        if (Read(store, Ledger) != transfers)
            throw new BrokenInvariantException("Transactions", $"at {index} the ledger counts {Read(store, Ledger)} transfers, and {transfers} are in the log");
    }

    private static long Read(IKvStore store, string key) =>
        store.TryRead(Encoding.UTF8.GetBytes(key), 0, static (in RecordHeader _, ReadOnlySpan<byte> value, int _) => Utf8Parser.TryParse(value, out long number, out _) ? number : long.MinValue, out var found)
            ? found : 0;
}

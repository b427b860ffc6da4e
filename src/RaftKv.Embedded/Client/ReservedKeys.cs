using System.Text;
using RaftKv.Embedded.Watch;

namespace RaftKv.Embedded.Client;

/// <summary>
/// All reserved prefixes: those of the library, and those that packages of this process have registered. Applications cannot write keys
/// with these prefixes; the library itself writes them with the <c>Reserved</c> operations of a transaction.
/// </summary>
/// <param name="registered">The prefixes of packages, for example that of the key ring of Data Protection.</param>
internal sealed class ReservedKeys(IEnumerable<ReservedPrefix> registered)
{
    public const string LocksPrefix = LockKeys.Prefix;
    public const string OwnPrefix = "$raftkv/";

    private static readonly ReservedPrefix[] BuiltIn =
    [
        new(LocksPrefix, "locks and leader elections",
            "Use IRaftKvCoordination. To end the lock of another process, revoke its lease (KvLockHolder.LeaseId)."),
        new(OwnPrefix, "the library's own records", "Choose another key."),
    ];

    private readonly ReservedPrefix[] _all = [.. BuiltIn, .. registered];

    /// <summary>All reserved prefixes.</summary>
    public IReadOnlyList<ReservedPrefix> All => _all;

    /// <exception cref="RaftKvReservedKeyException">The key is reserved.</exception>
    public void ThrowIfReserved(string key)
    {
        // A null key is refused where the key is encoded.
        if (key is null)
            return;
        foreach (var prefix in _all)
        {
            if (prefix.Has(key))
                throw prefix.Refuse($"The key '{key}'");
        }
    }

    /// <exception cref="RaftKvReservedKeyException">An operation of the application writes a reserved key.</exception>
    public void ThrowIfReserved(KvTransaction transaction, int maxKeyBytes)
    {
        ThrowIfReserved(transaction.Then, maxKeyBytes);
        ThrowIfReserved(transaction.Else, maxKeyBytes);
    }

    private void ThrowIfReserved(KvTransactionBranch branch, int maxKeyBytes)
    {
        foreach (var item in branch.Operations)
        {
            if (item.IsReserved || item.Kind == KvTransactionOperationKind.Get)
                continue;
            if (item.Key is { } key)
                ThrowIfReserved(key);
            else
                ThrowIfReserved(KeyRanges.Interval(item.Range, maxKeyBytes));
        }
    }

    private void ThrowIfReserved(in KeyInterval range)
    {
        foreach (var prefix in _all)
        {
            var first = Encoding.UTF8.GetBytes(prefix.Text);
            var beginsBefore = range.From.AsSpan().SequenceCompareTo(KeyInterval.PastPrefix(first)) < 0;
            var endsBehind = range.To.Length == 0 || range.To.AsSpan().SequenceCompareTo(first) > 0;
            if (beginsBefore && endsBehind)
                throw prefix.Refuse("A range that the transaction deletes");
        }
    }
}

using RaftKv.Embedded.Node;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Client;

/// <summary>Reads records of this node's copy, whatever its age.</summary>
internal static class CopyReader
{
    public static KvGetResult Read(LocalReplica host, ReadOnlySpan<byte> key)
    {
        Visit(host, key, new CopyVisitor(), out var copied);
        var result = copied.Result;
        if (copied.RenewalMs != 0)
            host.RecordAccess(key, result.Version.Value, result.ExpiresAtMs, copied.RenewalMs);
        return result;
    }

    public static bool Visit<TVisitor>(LocalReplica host, ReadOnlySpan<byte> key, TVisitor visitor,
        out TVisitor visited) where TVisitor : struct, IRecordVisitor
    {
        var guarded = new GuardedVisitor<TVisitor>(visitor);
        var found = Visit(host, key, GuardedVisitor<TVisitor>.Visit(ref guarded));
        visited = guarded.Result();
        return found;
    }

    private static bool Visit(LocalReplica host, ReadOnlySpan<byte> key, RecordVisit visit)
    {
        while (true)
        {
            var store = host.Applier.State.Store;
            try
            {
                return store.Visit(key, visit);
            }
            catch (ObjectDisposedException) when (host.Applier.State.Store != store)
            {
                // A snapshot was installed after the store was taken from the state: read the new store.
            }
            catch (ObjectDisposedException) when (host.HasEnded)
            {
                throw Errors.Stopping();
            }
        }
    }
}

using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>How fresh a read must be: <c>?consistency=</c>, or the parameters that clients of Consul and rqlite send.</summary>
internal static class RequestConsistency
{
    /// <exception cref="RequestRefusedException">A parameter names no kind of consistency, or two parameters name different
    /// ones.</exception>
    public static KvConsistency Read(IQueryCollection query, KvConsistency otherwise)
    {
        KvConsistency? asked = null;
        if (query.TryGetValue("consistency", out var name))
            Add(ref asked, Named("consistency", name.ToString()));
        if (query.TryGetValue("level", out var level))
            Add(ref asked, Named("level", level.ToString()));
        if (IsSet(query, "stale"))
            Add(ref asked, KvConsistency.Stale);
        if (IsSet(query, "consistent"))
            Add(ref asked, KvConsistency.Linearizable);
        return asked ?? otherwise;
    }

    private static KvConsistency Named(string parameter, string value) => (parameter, value) switch
    {
        (_, "linearizable") or ("level", "strong") => KvConsistency.Linearizable,
        ("consistency", "lease") => KvConsistency.LeaderLease,
        ("consistency", "stale") or ("level", "none") => KvConsistency.Stale,
        ("level", _) => throw RequestRefusedException.BadInput("level", "The parameter level is linearizable, strong or none."),
        _ => throw RequestRefusedException.BadInput("consistency", "The parameter consistency is linearizable, lease or stale."),
    };

    private static bool IsSet(IQueryCollection query, string flag) =>
        query.TryGetValue(flag, out var value) && value.ToString() is "" or "1" or "true";

    private static void Add(ref KvConsistency? asked, KvConsistency one)
    {
        if (asked is { } other && other != one)
            throw RequestRefusedException.BadInput("consistency", "The parameters ask for two kinds of consistency. Choose one.");
        asked = one;
    }
}

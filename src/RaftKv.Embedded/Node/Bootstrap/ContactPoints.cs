using System.Collections.Concurrent;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Where members may be found when they are not where the configuration says. Addresses are hints, and a node that answers proves its
/// identity itself; so any address may be tried, and nothing depends on it being right. Any thread.
/// </summary>
internal sealed class ContactPoints
{
    /// <summary>How many of the newest addresses of a node are kept.</summary>
    private const int Kept = 4;

    private const int MaxNodes = 256;

    private readonly ConcurrentDictionary<string, string[]> _heard = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _initial = new(StringComparer.Ordinal);

    private string[] _callers = [];
    private string[] _claimants = [];

    public ContactPoints(RaftKvOptions options)
    {
        foreach (var member in options.InitialMembers)
            _initial[member.NodeId] = member.Address;
    }

    /// <summary>
    /// Notes an address that a node gave as its own, or at which it was found. <c>false</c> when it is its newest address already.
    /// </summary>
    public bool Note(string nodeId, string address)
    {
        if (_heard.GetValueOrDefault(nodeId) is [var newest, ..] && newest == address)
            return false;
        if (_heard.Count >= MaxNodes)
            _heard.Clear();
        _heard.AddOrUpdate(nodeId, _ => [address], (_, known) => [.. known.Where(a => a != address).Prepend(address).Take(Kept)]);
        return true;
    }

    /// <summary>Addresses of the nodes that have dialled this one since it was adopted, the newest first.</summary>
    public IReadOnlyList<string> Callers => Volatile.Read(ref _callers);

    /// <summary>
    /// Addresses of nodes whose cluster counts this node among its members, under an identity that it does not have any more, the newest
    /// first.
    /// </summary>
    public IReadOnlyList<string> Claimants => Volatile.Read(ref _claimants);

    public void NoteCaller(string address) => Put(ref _callers, address);

    public void NoteClaimant(string address) => Put(ref _claimants, address);

    private static void Put(ref string[] addresses, string address)
    {
        var known = Volatile.Read(ref addresses);
        if (known is not [var newest, ..] || newest != address)
            Volatile.Write(ref addresses, [address, .. known.Where(a => a != address).Take(Kept - 1)]);
    }

    public IReadOnlyList<string> Of(string nodeId)
    {
        var heard = _heard.GetValueOrDefault(nodeId) ?? [];
        return _initial.TryGetValue(nodeId, out var initial) ? [.. heard, initial] : heard;
    }
}

using System.Net;
using System.Net.Sockets;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// For each host name, the address that led to the peer last, or that led to another node or to a program that does not speak this
/// protocol. One thread at a time.
/// </summary>
internal sealed class AddressMemory
{
    private readonly Dictionary<string, (IPAddress? Worked, IPAddress? Failed)> _known = [];

    public void Worked(string name, IPAddress address) => _known[name] = (address, null);

    public void Failed(string name, IPAddress address) => _known[name] = (null, address);

    /// <summary>
    /// The addresses in the order of the attempts: the one that worked is first, the one that failed is last, and between them the address
    /// families alternate (RFC 8305, section 4).
    /// </summary>
    public IReadOnlyList<IPAddress> Order(string name, IReadOnlyList<IPAddress> resolved)
    {
        if (resolved.Count < 2)
            return resolved;
        var (worked, failed) = _known.GetValueOrDefault(name);
        return [.. Alternate(resolved).OrderBy(address => address.Equals(worked) ? 0 : address.Equals(failed) ? 2 : 1)];
    }

    private static IEnumerable<IPAddress> Alternate(IReadOnlyList<IPAddress> resolved)
    {
        var first = resolved[0].AddressFamily;
        var position = new Dictionary<AddressFamily, int>();
        return resolved
            .Select(address => (
                Address: address,
                Turn: position[address.AddressFamily] = position.GetValueOrDefault(address.AddressFamily) + 1))
            .OrderBy(entry => entry.Turn).ThenBy(entry => entry.Address.AddressFamily == first ? 0 : 1)
            .Select(entry => entry.Address);
    }
}

using System.Collections.Concurrent;

namespace RaftKv.Embedded.Testing;

/// <summary>
/// The network of a cluster in one process: the addresses that listen, the pairs of addresses that are cut, and the delay of a message.
/// </summary>
internal sealed class InMemoryNetwork
{
    private readonly ConcurrentDictionary<string, InMemoryTransport> _listening = new();
    private readonly ConcurrentDictionary<(string From, string To), bool> _cut = new();
    private readonly ConcurrentDictionary<string, TimeSpan> _lags = new();

    public void Add(InMemoryTransport transport) => _listening[transport.ListenEndPoint] = transport;

    /// <summary>Removes a node whose process has ended; its peers lose their connections.</summary>
    public void Remove(InMemoryTransport transport)
    {
        if (!_listening.TryRemove(new KeyValuePair<string, InMemoryTransport>(transport.ListenEndPoint, transport)))
            return;
        foreach (var other in _listening.Values)
            other.Lose(transport, reset: true);
    }

    /// <summary>The transport at an address; <c>null</c> when none listens there, or messages do not pass in both directions.</summary>
    public InMemoryTransport? Find(string from, string to) =>
        Passes(from, to) && Passes(to, from) && _listening.TryGetValue(to, out var found) ? found : null;

    public bool Passes(string from, string to) => _cut.IsEmpty || !_cut.ContainsKey((from, to));

    public TimeSpan DelayBetween(string from, string to) =>
        _lags.IsEmpty ? TimeSpan.Zero : _lags.GetValueOrDefault(from) + _lags.GetValueOrDefault(to);

    /// <summary>Loses the connections between two addresses, and prevents new ones.</summary>
    public void Cut(string one, string other)
    {
        _cut[(one, other)] = _cut[(other, one)] = true;
        if (_listening.TryGetValue(one, out var first) && _listening.TryGetValue(other, out var second))
        {
            first.Lose(second, reset: false);
            second.Lose(first, reset: false);
        }
    }

    public void Heal()
    {
        _cut.Clear();
        _lags.Clear();
    }

    /// <summary>Delays each message to and from an address.</summary>
    public void Lag(string address, TimeSpan delay) => _lags[address] = delay;
}

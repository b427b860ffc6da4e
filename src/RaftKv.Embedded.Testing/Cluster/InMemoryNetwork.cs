using System.Collections.Concurrent;

namespace RaftKv.Embedded.Testing;

/// <summary>The network of a cluster in one process: who listens, which ways are cut, and how long a message takes.</summary>
internal sealed class InMemoryNetwork
{
    private readonly ConcurrentDictionary<string, InMemoryTransport> _listening = new();
    private readonly ConcurrentDictionary<(string From, string To), bool> _cut = new();
    private readonly ConcurrentDictionary<string, TimeSpan> _lags = new();

    public void Add(InMemoryTransport transport) => _listening[transport.ListenEndPoint] = transport;

    /// <summary>The process at an address is gone; its peers notice.</summary>
    public void Remove(InMemoryTransport transport)
    {
        if (!_listening.TryRemove(new KeyValuePair<string, InMemoryTransport>(transport.ListenEndPoint, transport)))
            return;
        foreach (var other in _listening.Values)
            other.Lose(transport, reset: true);
    }

    /// <summary>Who can be reached at an address, and answers; <c>null</c> when nothing does.</summary>
    public InMemoryTransport? Find(string from, string to) =>
        Passes(from, to) && Passes(to, from) && _listening.TryGetValue(to, out var found) ? found : null;

    public bool Passes(string from, string to) => _cut.IsEmpty || !_cut.ContainsKey((from, to));

    public TimeSpan DelayBetween(string from, string to) =>
        _lags.IsEmpty ? TimeSpan.Zero : _lags.GetValueOrDefault(from) + _lags.GetValueOrDefault(to);

    /// <summary>Connections between the two are lost, and no new one can be made.</summary>
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

    /// <summary>Each message to and from an address takes so long.</summary>
    public void Lag(string address, TimeSpan delay) => _lags[address] = delay;
}

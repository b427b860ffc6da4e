using RaftKv.Embedded.Watch;

namespace RaftKv.Embedded.Client;

/// <summary>Keeps the read view of a page for 30 s, so that a request for the next page can continue in the same version.</summary>
internal sealed class IdleReadViews
{
    private const int Most = 256;

    private static readonly TimeSpan ParkFor = TimeSpan.FromSeconds(30);

    private readonly LinkedList<(ReadView Pin, ITimer Timer)> _parked = [];

    public void Park(ReadView pin, TimeProvider time)
    {
        lock (_parked)
        {
            while (_parked.Count >= Most)
                Leave(_parked.First!);
            var node = new LinkedListNode<(ReadView, ITimer)>(default);
            var timer = time.CreateTimer(OnTimeUp, node, ParkFor, Timeout.InfiniteTimeSpan);
            node.Value = (pin, timer);
            _parked.AddLast(node);
        }
    }

    private void OnTimeUp(object? state)
    {
        lock (_parked)
        {
            var node = (LinkedListNode<(ReadView, ITimer)>)state!;
            if (node.List is not null)
                Leave(node);
        }
    }

    private void Leave(LinkedListNode<(ReadView Pin, ITimer Timer)> node)
    {
        _parked.Remove(node);
        node.Value.Timer.Dispose();
        node.Value.Pin.Release();
    }
}

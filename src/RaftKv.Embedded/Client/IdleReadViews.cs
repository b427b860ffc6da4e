using RaftKv.Embedded.Watch;

namespace RaftKv.Embedded.Client;

/// <summary>Keeps the read view of a page for 30 s, so that a request for the next page can continue in the same version.</summary>
internal sealed class IdleReadViews
{
    private const int Most = 256;

    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(30);

    private readonly LinkedList<(ReadView View, ITimer Timer)> _idle = [];

    public void Keep(ReadView view, TimeProvider time)
    {
        lock (_idle)
        {
            while (_idle.Count >= Most)
                Leave(_idle.First!);
            var node = new LinkedListNode<(ReadView, ITimer)>(default);
            var timer = time.CreateTimer(OnTimeUp, node, IdleTimeout, Timeout.InfiniteTimeSpan);
            node.Value = (view, timer);
            _idle.AddLast(node);
        }
    }

    private void OnTimeUp(object? state)
    {
        lock (_idle)
        {
            var node = (LinkedListNode<(ReadView, ITimer)>)state!;
            if (node.List is not null)
                Leave(node);
        }
    }

    private void Leave(LinkedListNode<(ReadView View, ITimer Timer)> node)
    {
        _idle.Remove(node);
        node.Value.Timer.Dispose();
        node.Value.View.Release();
    }
}

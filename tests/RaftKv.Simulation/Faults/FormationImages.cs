using RaftKv.Embedded.Tests.Storage;

namespace RaftKv.Simulation.Faults;

/// <summary>Images of the disks of machines that have no entry yet: before they belong to a cluster, and when they do.</summary>
internal sealed class FormationImages(Simulation run)
{
    private const long Interval = 200 * VirtualTime.Microsecond;

    /// <summary>A cluster that forms later than this is not waited for.</summary>
    private const long End = 20 * VirtualTime.Second;

    private readonly Dictionary<(Guid Incarnation, bool HasCluster), MemoryFileSystem> _images = [];

    /// <summary>Takes images until every node has an entry.</summary>
    public void Watch() => run.Time.After(Interval, () =>
    {
        var isForming = false;
        foreach (var node in run.Nodes)
        {
            if (!node.IsListening || node.Core is { LastIndex: > 0 })
                continue;
            isForming = true;
            var key = (node.Identity.Incarnation, node.Core is not null);
            if (!_images.ContainsKey(key))
                _images.Add(key, node.Disk.Image());
        }
        if (run.Time.Now < End && (isForming || run.Time.Now < VirtualTime.Second))
            Watch();
    });

    /// <summary>One of the images of this directory; <c>null</c> if there is none.</summary>
    public MemoryFileSystem? Of(SimNode node, SimRandom chance)
    {
        var image = _images.GetValueOrDefault((node.Identity.Incarnation, chance.OneIn(2)));
        // The image is used as the disk, and must remain as it is.
        return image?.Image();
    }
}

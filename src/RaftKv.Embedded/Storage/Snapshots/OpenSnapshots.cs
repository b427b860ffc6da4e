using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// Snapshots that are open because they are being sent: they stay readable after newer ones have replaced them. One caller at a time.
/// </summary>
internal sealed class OpenSnapshots
{
    private readonly Dictionary<EntryId, Opened> _opened = [];

    /// <summary>The file of a snapshot; <c>null</c> when it is not open and <paramref name="open"/> has none.</summary>
    public IStorageFile? Get(EntryId last, Func<EntryId, IStorageFile?> open)
    {
        if (!_opened.TryGetValue(last, out var opened))
        {
            if (open(last) is not { } file)
                return null;
            _opened[last] = opened = new Opened(file);
        }
        opened.WasUsed = true;
        return opened.File;
    }

    /// <summary>Closes the snapshots that were not used since the last call.</summary>
    public void CloseUnused()
    {
        foreach (var (last, opened) in _opened)
        {
            if (!opened.WasUsed)
                Close(last);
            opened.WasUsed = false;
        }
    }

    public void Close(EntryId last)
    {
        if (_opened.Remove(last, out var opened))
            opened.File.Dispose();
    }

    public void CloseAll()
    {
        foreach (var last in _opened.Keys)
            Close(last);
    }

    private sealed class Opened(IStorageFile file)
    {
        public IStorageFile File => file;

        public bool WasUsed { get; set; }
    }
}

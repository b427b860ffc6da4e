using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>The file <c>tail</c> of an open log; see <see cref="WalTail"/>. Writer only.</summary>
internal sealed class WalTailFile(IStorageFile file, WalTail tail) : IDisposable
{
    private WalTail _tail = tail;

    /// <summary>Writes where the log ends; durable when it returns.</summary>
    /// <param name="index">The segments.</param>
    /// <param name="commit">The last commit.</param>
    /// <param name="last">The last entry after that commit.</param>
    /// <param name="syncedCommit">The last commit that is on the disk; null if every commit is synced.</param>
    /// <param name="times">2 writes both slots: neither may name segments that are about to be deleted.</param>
    public void Write(WalIndex index, long commit, EntryId last, long? syncedCommit, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var next = new WalTail(_tail.Generation + 1, index.FirstSequence, index.Active.Sequence, commit, last, syncedCommit);
            next.Write(file);
            file.Sync();
            _tail = next;
        }
    }

    public void Dispose() => file.Dispose();
}

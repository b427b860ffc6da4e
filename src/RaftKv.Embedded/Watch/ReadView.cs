using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Watch;

/// <summary>The state as of one version. Readable until it is released, or broken because too much was overwritten since.</summary>
internal sealed class ReadView(ReadViews views, IKvStore store, long version) : IDisposable
{
    public long Version => version;

    public IKvStore Store => store;

    /// <summary>Accessed under the lock of <see cref="ReadViews"/>.</summary>
    public bool IsBroken { get; set; }

    /// <inheritdoc cref="ReadViews.CopyOverwritten"/>
    public void CopyOverwritten(UndoRecord from, UndoRecord to, List<UndoRecord> into) => views.CopyOverwritten(this, from, to, into);

    /// <summary>Any thread, any number of times.</summary>
    public void Release() => views.Release(this);

    public void Dispose() => Release();
}

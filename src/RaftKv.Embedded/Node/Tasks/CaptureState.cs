using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Node;

/// <summary>Pin the state as it is now and hand it over; <c>Refused</c> is called when the disk has no room for that.</summary>
internal sealed class CaptureState(Action<KvSnapshot> captured, Action<Exception> refused) : ApplierTask
{
    public Action<KvSnapshot> Captured => captured;
    public Action<Exception> Refused => refused;
}

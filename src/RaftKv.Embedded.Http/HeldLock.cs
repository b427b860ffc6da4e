using System.Text.Json;

namespace RaftKv.Embedded.Http;

/// <summary>
/// A lock, or a leader election (the lock behind <see cref="IRaftKvCoordination.RunWhenLeaderAsync"/>), its holder, and the holder's
/// lease; the lease is <c>null</c> when it has just ended.
/// </summary>
internal sealed record HeldLock(string Name, KvLockHolder Holder, KvLeaseInfo? Lease)
{
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, Name);
        json.WriteString("holder"u8, Holder.NodeId);
        json.WriteNumber("token"u8, Holder.FencingToken.Value);
        json.WriteString("askedAt"u8, Holder.AskedAt);
        json.WriteNumber("waiting"u8, Holder.Waiting);
        if (Lease is { } lease)
        {
            json.WriteStartObject("lease"u8);
            json.WriteNumber("id"u8, lease.LeaseId);
            json.WriteNumber("timeToLiveMs"u8, (long)lease.TimeToLive.TotalMilliseconds);
            json.WriteNumber("remainingMs"u8, (long)lease.Remaining.TotalMilliseconds);
            json.WriteNumber("keyCount"u8, lease.Keys.Count);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }
}

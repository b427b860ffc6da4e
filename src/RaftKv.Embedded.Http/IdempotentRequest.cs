namespace RaftKv.Embedded.Http;

/// <summary>A write that takes effect once.</summary>
/// <param name="IdempotencyKey">The text of its header <c>Idempotency-Key</c>.</param>
/// <param name="Fingerprint">A hash of the request, which differs for another request with the same <c>Idempotency-Key</c>.</param>
/// <param name="Key">The key it writes.</param>
/// <param name="When">The condition of the write.</param>
internal readonly record struct IdempotentRequest(string IdempotencyKey, string Fingerprint, string Key, KvCondition When);

namespace RaftKv.Embedded.StateMachine;

/// <summary>The outcome of one entry, the same on every node.</summary>
/// <param name="Status">What happened.</param>
/// <param name="Session">Whose command it was; for an opened session, its id.</param>
/// <param name="Sequence">Its number within the session.</param>
/// <param name="Version">The new version; when the write did not happen, the key's current one (0: it does not exist).</param>
/// <param name="Nonce">What the opener of a session knows it by; otherwise empty.</param>
/// <param name="Payload">
/// What the operations of a transaction gave (<see cref="TransactionResult"/>); <c>null</c> when there is nothing, or it was not kept for a
/// retry.
/// </param>
/// <param name="FailedCompare">
/// Of a transaction, the condition that did not hold; its key only when the condition is about a range. <c>null</c> when all held; not kept
/// for a retry.
/// </param>
internal readonly record struct ApplyResult(ApplyStatus Status, long Session = 0, long Sequence = 0, long Version = 0, Guid Nonce = default,
    byte[]? Payload = null, KvFailedCompare? FailedCompare = null)
{
    /// <summary>
    /// By the bytes of the payload, not by the array; and without the condition that did not hold, so that the answer to a retry is equal.
    /// </summary>
    public bool Equals(ApplyResult other) =>
        Status == other.Status && Session == other.Session && Sequence == other.Sequence && Version == other.Version && Nonce == other.Nonce
        && (Payload is null) == (other.Payload is null) && Payload.AsSpan().SequenceEqual(other.Payload);

    public override int GetHashCode() => HashCode.Combine(Status, Session, Sequence, Version);
}

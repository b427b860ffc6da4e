namespace RaftKv.Embedded.StateMachine;

/// <summary>The outcome of one entry, the same on every node.</summary>
/// <param name="Status">What happened.</param>
/// <param name="Session">The session of the command; for an opened session, its id.</param>
/// <param name="Sequence">The number of the command within the session.</param>
/// <param name="Version">The new version; when the write did not happen, the key's current one (0: it does not exist).</param>
/// <param name="Nonce">The id by which the opener of a session recognizes this result; otherwise empty.</param>
/// <param name="Payload">
/// The results of the operations of a transaction (<see cref="TransactionResult"/>); <c>null</c> when there are none, or they were not kept
/// for a retry.
/// </param>
/// <param name="FailedCompare">
/// The condition of a transaction that did not hold; with a key only when the condition is about a range. <c>null</c> when all conditions
/// held; not kept for a retry.
/// </param>
internal readonly record struct ApplyResult(ApplyStatus Status, long Session = 0, long Sequence = 0, long Version = 0, Guid Nonce = default,
    byte[]? Payload = null, KvFailedCompare? FailedCompare = null)
{
    /// <summary>
    /// Compares the bytes of the payloads, not the arrays. Ignores <see cref="FailedCompare"/>, so that the answer to a retry is equal.
    /// </summary>
    public bool Equals(ApplyResult other) =>
        Status == other.Status && Session == other.Session && Sequence == other.Sequence && Version == other.Version && Nonce == other.Nonce
        && (Payload is null) == (other.Payload is null) && Payload.AsSpan().SequenceEqual(other.Payload);

    public override int GetHashCode() => HashCode.Combine(Status, Session, Sequence, Version);
}

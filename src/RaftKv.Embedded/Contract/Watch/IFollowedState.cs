namespace RaftKv.Embedded;

/// <summary>State that a <see cref="StateFollower"/> keeps equal to the keys of a range. Calls do not overlap.</summary>
internal interface IFollowedState
{
    /// <summary>
    /// The next changes are a whole new state: starts again from an empty one. The published state stays until the next call of
    /// <see cref="Publish"/>.
    /// </summary>
    void Begin();

    /// <summary>Applies a change: a key was written or removed.</summary>
    void Apply(in KvEvent change);

    /// <summary>Publishes the changes applied so far, which are the state at a version. Throws nothing.</summary>
    void Publish(KvVersion version);
}

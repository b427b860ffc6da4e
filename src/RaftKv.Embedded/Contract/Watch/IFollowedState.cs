namespace RaftKv.Embedded;

/// <summary>Something that is kept equal to the keys of a range. One caller at a time.</summary>
internal interface IFollowedState
{
    /// <summary>A whole state comes; what was applied before and not published is void.</summary>
    void Begin();

    /// <summary>A key is written or removed.</summary>
    void Apply(in KvEvent change);

    /// <summary>What was applied is the state at a version. Throws nothing.</summary>
    void Publish(KvVersion version);
}

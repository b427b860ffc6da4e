namespace RaftKv.Embedded;

/// <summary>The options of a delete. <c>default</c> deletes always.</summary>
public readonly record struct KvDeleteOptions
{
    /// <summary>Condition that must hold for the delete to be applied.</summary>
    public KvCondition When { get; init; }
}

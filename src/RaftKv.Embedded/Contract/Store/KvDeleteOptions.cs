namespace RaftKv.Embedded;

/// <summary>What a delete asks for. <c>default</c> deletes always.</summary>
public readonly record struct KvDeleteOptions
{
    /// <summary>Condition that must hold for the delete to be applied.</summary>
    public KvCondition When { get; init; }
}

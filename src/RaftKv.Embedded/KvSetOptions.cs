namespace RaftKv.Embedded;

/// <summary>What a set asks for. <c>default</c> writes always.</summary>
public readonly record struct KvSetOptions
{
    /// <summary>Write only if the key's current state is this.</summary>
    public KvCondition When { get; init; }
}

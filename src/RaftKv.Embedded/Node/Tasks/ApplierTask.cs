namespace RaftKv.Embedded.Node;

/// <summary>What the applier has to do, in order.</summary>
internal abstract class ApplierTask
{
    /// <summary>How much work it is, in entries.</summary>
    public virtual long Weight => 1_000_000;
}

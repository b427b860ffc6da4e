namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>The leader and its term. Terms only rise, so an equal term means that there was no election in between.</summary>
internal sealed record Leadership(string Leader, long Term)
{
    public override string ToString() => $"{Leader}, term {Term}";
}

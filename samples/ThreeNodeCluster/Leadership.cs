namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>Who leads, and in which term. Terms only rise, so that an equal term means that there was no election in between.</summary>
internal sealed record Leadership(string Leader, long Term)
{
    public override string ToString() => $"{Leader}, term {Term}";
}

namespace RaftKv.Embedded.Primitives;

/// <summary>Bounds of times in Unix milliseconds.</summary>
internal static class KvTime
{
    /// <summary>The last millisecond of the year 9999.</summary>
    public const long MaxUnixMs = 253_402_300_799_999;
}

namespace RaftKv.Embedded.Records;

/// <summary>Compares keys byte by byte; pairs of a time and a key first by the time.</summary>
internal sealed class KeyOrder : IComparer<byte[]>, IComparer<(long At, byte[] Key)>
{
    public static KeyOrder Instance { get; } = new();

    public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);

    public int Compare((long At, byte[] Key) x, (long At, byte[] Key) y) => x.At != y.At ? x.At.CompareTo(y.At) : Compare(x.Key, y.Key);
}

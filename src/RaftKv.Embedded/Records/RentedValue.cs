using System.Buffers;

namespace RaftKv.Embedded.Records;

/// <summary>A copy of a record's value in a rented buffer, which <see cref="Dispose"/> returns. <c>default</c> is empty.</summary>
internal readonly ref struct RentedValue
{
    private readonly byte[]? _buffer;
    private readonly int _length;

    private RentedValue(byte[] buffer, int length) => (_buffer, _length) = (buffer, length);

    public ReadOnlySpan<byte> Span => _buffer.AsSpan(0, _length);

    /// <summary>Any thread. Copies the value of a key; empty when the key does not exist.</summary>
    public static RentedValue Read(IKvStore store, ReadOnlySpan<byte> key) =>
        store.TryRead(key, 0, static (in RecordHeader _, ReadOnlySpan<byte> value, int _) =>
        {
            var copy = ArrayPool<byte>.Shared.Rent(value.Length);
            value.CopyTo(copy);
            return (Buffer: copy, value.Length);
        }, out var copied) ? new RentedValue(copied.Buffer, copied.Length) : default;

    public void Dispose()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
    }
}

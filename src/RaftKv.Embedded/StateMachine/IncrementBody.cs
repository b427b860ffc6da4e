using System.Buffers.Binary;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// What an increment does, little-endian: delta i64, and with options | initial value i64 | <see cref="KvLifetime"/>. The options count for
/// a key that does not exist.
/// </summary>
/// <param name="Delta">What is added.</param>
/// <param name="Initial">What it is added to when the key does not exist.</param>
/// <param name="Lifetime">How long a key lives that the increment creates.</param>
internal readonly record struct IncrementBody(long Delta, long Initial = 0, KvLifetime Lifetime = default)
{
    /// <summary>The size of an <see cref="TransactionOperationKind.Increment"/>.</summary>
    public const int PlainBytes = sizeof(long);

    private const int LifetimeOffset = 2 * sizeof(long);
    private const int BytesWithOptions = LifetimeOffset + KvLifetime.Bytes;

    public bool HasOptions => Initial != 0 || !Lifetime.IsNone;

    public byte[] Encode()
    {
        var bytes = new byte[HasOptions ? BytesWithOptions : PlainBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Delta);
        if (HasOptions)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(PlainBytes), Initial);
            Lifetime.Write(bytes.AsSpan(LifetimeOffset));
        }
        return bytes;
    }

    /// <summary>Whether the bytes are the body of an <see cref="TransactionOperationKind.IncrementWithOptions"/>.</summary>
    public static bool IsSound(ReadOnlySpan<byte> body) =>
        body.Length == BytesWithOptions && KvLifetime.TryRead(body[LifetimeOffset..], out var lifetime) && !lifetime.Keep;

    /// <summary>Reads a body of either size, which is sound.</summary>
    public static IncrementBody Read(ReadOnlySpan<byte> body)
    {
        var delta = BinaryPrimitives.ReadInt64LittleEndian(body);
        if (body.Length == PlainBytes)
            return new IncrementBody(delta);
        KvLifetime.TryRead(body[LifetimeOffset..], out var lifetime);
        return new IncrementBody(delta, BinaryPrimitives.ReadInt64LittleEndian(body[PlainBytes..]), lifetime);
    }
}

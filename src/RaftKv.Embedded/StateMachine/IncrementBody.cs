using System.Buffers.Binary;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// The body of an increment, little-endian: delta i64, and with options | initial value i64 | <see cref="KvLifetime"/>. The options apply
/// only to a key that does not exist.
/// </summary>
/// <param name="Delta">The number that is added.</param>
/// <param name="Initial">The number to which it is added when the key does not exist.</param>
/// <param name="Lifetime">The lifetime of a key that the increment creates.</param>
internal readonly record struct IncrementBody(long Delta, long Initial = 0, KvLifetime Lifetime = default)
{
    /// <summary>The size of the body of an <see cref="TransactionOperationKind.Increment"/>.</summary>
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

    /// <summary>Reads a body of either size, which must be valid.</summary>
    public static IncrementBody Read(ReadOnlySpan<byte> body)
    {
        var delta = BinaryPrimitives.ReadInt64LittleEndian(body);
        if (body.Length == PlainBytes)
            return new IncrementBody(delta);
        KvLifetime.TryRead(body[LifetimeOffset..], out var lifetime);
        return new IncrementBody(delta, BinaryPrimitives.ReadInt64LittleEndian(body[PlainBytes..]), lifetime);
    }
}

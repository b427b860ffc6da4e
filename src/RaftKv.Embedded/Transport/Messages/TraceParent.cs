using System.Buffers.Binary;
using System.Diagnostics;

namespace RaftKv.Embedded.Transport;

/// <summary>The parent of a span on another node: trace and span of a W3C trace context. Only recorded traces are sent.</summary>
/// <param name="TraceHigh">The first half of the trace's id.</param>
/// <param name="TraceLow">The second half.</param>
/// <param name="Span">The span's id.</param>
internal readonly record struct TraceParent(long TraceHigh, long TraceLow, long Span)
{
    /// <summary>The bytes of one parent on the wire.</summary>
    public const int Bytes = 3 * sizeof(long);

    public static TraceParent Of(ActivityContext context)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        context.TraceId.CopyTo(bytes[..16]);
        context.SpanId.CopyTo(bytes[16..]);
        return new TraceParent(BinaryPrimitives.ReadInt64BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[16..]));
    }

    public ActivityContext ToContext()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, TraceHigh);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], TraceLow);
        BinaryPrimitives.WriteInt64BigEndian(bytes[16..], Span);
        return new ActivityContext(ActivityTraceId.CreateFromBytes(bytes[..16]), ActivitySpanId.CreateFromBytes(bytes[16..]),
            ActivityTraceFlags.Recorded, isRemote: true);
    }
}

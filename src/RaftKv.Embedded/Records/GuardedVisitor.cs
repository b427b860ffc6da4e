using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace RaftKv.Embedded.Records;

/// <summary>
/// A visitor on the stack of its caller that may throw: the exception is kept and thrown after the visit, not through the store.
/// </summary>
internal unsafe struct GuardedVisitor<TVisitor>(TVisitor visitor) where TVisitor : struct, IRecordVisitor
{
    private TVisitor _visitor = visitor;
    private Exception? _error;

    /// <summary>Valid as long as <paramref name="visitor"/>, a local variable of the caller, is in scope.</summary>
    public static RecordVisit Visit(ref GuardedVisitor<TVisitor> visitor) => new(Unsafe.AsPointer(ref visitor), &Call);

    /// <summary>Returns the visitor after the visit. Throws the exception that the visitor threw.</summary>
    public readonly TVisitor Result()
    {
        if (_error is not null)
            ExceptionDispatchInfo.Throw(_error);
        return _visitor;
    }

    private static void Call(void* guarded, in RecordHeader header, ReadOnlySpan<byte> value)
    {
        ref var to = ref Unsafe.AsRef<GuardedVisitor<TVisitor>>(guarded);
        try
        {
            to._visitor.Visit(header, value);
        }
        catch (Exception e)
        {
            to._error = e;
        }
    }
}

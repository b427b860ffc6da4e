using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace RaftKv.Embedded.Records;

/// <summary>
/// A visitor on the stack of its caller that may throw: the exception is kept and thrown after the visit, not through the store.
/// </summary>
internal unsafe struct GuardedVisitor<TLook>(TLook look) where TLook : struct, IRecordVisitor
{
    private TLook _look = look;
    private Exception? _error;

    /// <summary>Valid as long as <paramref name="look"/>, a local variable of the caller, is in scope.</summary>
    public static RecordVisit Visit(ref GuardedVisitor<TLook> look) => new(Unsafe.AsPointer(ref look), &Look);

    /// <summary>Returns the visitor after the visit. Throws the exception that the visitor threw.</summary>
    public readonly TLook Result()
    {
        if (_error is not null)
            ExceptionDispatchInfo.Throw(_error);
        return _look;
    }

    private static void Look(void* guarded, in RecordHeader header, ReadOnlySpan<byte> value)
    {
        ref var to = ref Unsafe.AsRef<GuardedVisitor<TLook>>(guarded);
        try
        {
            to._look.Look(header, value);
        }
        catch (Exception e)
        {
            to._error = e;
        }
    }
}

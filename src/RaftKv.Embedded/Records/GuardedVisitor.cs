using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace RaftKv.Embedded.Records;

/// <summary>A look on the stack of its caller, which may throw: no exception goes through the store.</summary>
internal unsafe struct GuardedVisitor<TLook>(TLook look) where TLook : struct, IRecordVisitor
{
    private TLook _look = look;
    private Exception? _error;

    /// <summary>Good as long as <paramref name="look"/>, a local of the caller, is.</summary>
    public static RecordVisit Visit(ref GuardedVisitor<TLook> look) => new(Unsafe.AsPointer(ref look), &Look);

    /// <summary>What the look has kept. Throws what it threw.</summary>
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

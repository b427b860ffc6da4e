namespace RaftKv.Integration.Linearizability;

/// <summary>The kind of an operation on one key.</summary>
public enum RegisterOperationKind
{
    /// <summary>Saw <see cref="RegisterOperation.Value"/>.</summary>
    Read,

    /// <summary>Stored <see cref="RegisterOperation.Value"/>, whatever was there.</summary>
    Write,

    /// <summary>Stored <see cref="RegisterOperation.Value"/> in place of <see cref="RegisterOperation.Expected"/>.</summary>
    CompareAndSet,
}

/// <summary>
/// One operation on one register, with the time at which it was called and the time at which its answer came. A value of <c>null</c> means
/// that the key does not exist.
/// </summary>
/// <param name="Client">The number of the client, for messages.</param>
/// <param name="Kind">The kind of the operation.</param>
/// <param name="Value">What was read or stored.</param>
/// <param name="Expected">What a compare-and-set replaced.</param>
/// <param name="Call">When it was called.</param>
/// <param name="Return">When its answer came; <see cref="Never"/> if its outcome is unknown.</param>
public sealed record RegisterOperation(int Client, RegisterOperationKind Kind, string? Value, string? Expected, long Call, long Return)
{
    /// <summary>The return of an operation of unknown outcome: it may have taken effect, or may still take effect.</summary>
    public const long Never = long.MaxValue;

    public bool IsUnknown => Return == Never;

    public override string ToString()
        => $"client {Client} [{Call}, {(IsUnknown ? "?" : Return)}] {Kind} {(Kind == RegisterOperationKind.CompareAndSet ? $"{Expected ?? "(none)"} -> " : "")}{Value ?? "(none)"}";
}

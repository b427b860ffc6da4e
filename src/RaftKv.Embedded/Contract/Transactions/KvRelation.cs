namespace RaftKv.Embedded;

/// <summary>
/// How the property of a key must relate to the operand of a <see cref="KvCompare"/>. The numbers are part of the log's format.
/// </summary>
public enum KvRelation : byte
{
    /// <summary>The property is equal to the operand.</summary>
    Equal = 1,

    /// <summary>The property is not equal to the operand.</summary>
    NotEqual = 2,

    /// <summary>The property is less than the operand; values are compared byte by byte.</summary>
    Less = 3,

    /// <summary>The property is greater than the operand; values are compared byte by byte.</summary>
    Greater = 4,
}

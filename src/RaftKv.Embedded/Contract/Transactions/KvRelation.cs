namespace RaftKv.Embedded;

/// <summary>How a <see cref="KvCompare"/> relates what it finds to what it was given. The numbers are part of the log's format.</summary>
public enum KvRelation : byte
{
    /// <summary>The same.</summary>
    Equal = 1,

    /// <summary>Not the same.</summary>
    NotEqual = 2,

    /// <summary>What is found is less than what was given; values are compared byte by byte.</summary>
    Less = 3,

    /// <summary>What is found is greater than what was given.</summary>
    Greater = 4,
}

namespace RaftKv.Embedded;

/// <summary>Why a transaction was refused. In every case nothing was written.</summary>
public enum RaftKvTransactionError
{
    /// <summary>Two operations of one branch write the same key. Refused before it was sent.</summary>
    KeyWrittenTwice = 0,

    /// <summary>
    /// More than <see cref="KvTransaction.MaxOperations"/> conditions, or operations in one branch. Refused before it was sent.
    /// </summary>
    TooManyOperations = 1,

    /// <summary>Its ranges have more than <see cref="KvTransaction.MaxRangeKeys"/> keys.</summary>
    TooManyKeys = 2,

    /// <summary>The results of its reads are larger than 16 MiB.</summary>
    ResultTooLarge = 3,

    /// <summary>An increment found a value that is not the decimal text of a number.</summary>
    NotANumber = 4,

    /// <summary>An increment would leave the range of an <see cref="long"/>.</summary>
    Overflow = 5,
}

namespace RaftKv.Embedded;

/// <summary>What an operation of a transaction does.</summary>
public enum KvTransactionOperationKind
{
    /// <summary>Stores a value.</summary>
    Set,

    /// <summary>Deletes a key.</summary>
    Delete,

    /// <summary>Deletes all keys of a range.</summary>
    DeleteRange,

    /// <summary>Reads a key.</summary>
    Get,

    /// <summary>Adds to a number.</summary>
    Increment,
}

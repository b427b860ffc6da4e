namespace RaftKv.Embedded.Records;

/// <summary>Why a record changes.</summary>
internal enum KvChangeKind : byte
{
    Put = 1,

    /// <summary>A write deleted the record.</summary>
    Delete = 2,

    /// <summary>The time to live of the record was over.</summary>
    Expire = 3,

    /// <summary>The lease that the record was bound to ended.</summary>
    Revoke = 4,
}

namespace RaftKv.Embedded.Records;

/// <summary>Why a record changes.</summary>
internal enum KvChangeKind : byte
{
    Put = 1,

    /// <summary>A write deleted it.</summary>
    Delete = 2,

    /// <summary>Its time to live was over.</summary>
    Expire = 3,

    /// <summary>The lease it was bound to ended.</summary>
    Revoke = 4,
}

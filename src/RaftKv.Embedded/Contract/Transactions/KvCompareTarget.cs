namespace RaftKv.Embedded;

/// <summary>The property of a key that a <see cref="KvCompare"/> compares. The numbers are part of the log's format.</summary>
public enum KvCompareTarget : byte
{
    /// <summary>The version of the key's last write.</summary>
    Version = 1,

    /// <summary>The version that created the key.</summary>
    CreateVersion = 2,

    /// <summary>How often the key was written since it was created.</summary>
    WriteCount = 3,

    /// <summary>The value.</summary>
    Value = 4,

    /// <summary>The id of the lease the key is bound to; 0 is none.</summary>
    Lease = 5,
}

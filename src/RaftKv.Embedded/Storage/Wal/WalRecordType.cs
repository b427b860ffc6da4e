namespace RaftKv.Embedded.Storage;

/// <summary>The type of a record of the log. The numbers are part of the format.</summary>
internal enum WalRecordType : byte
{
    /// <summary>index i64 | term i64 | log time i64 | payload.</summary>
    Entry = 1,

    /// <summary>term i64 | u16 length, or 0xFFFF for no vote | node id in UTF-8 | unless it is 0: promise in milliseconds i32.</summary>
    Vote = 2,

    /// <summary>index i64 | term i64, both of the entry that is the last one after the truncation.</summary>
    Truncate = 3,
}

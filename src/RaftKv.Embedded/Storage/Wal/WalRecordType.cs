namespace RaftKv.Embedded.Storage;

/// <summary>What a record of the log says. The numbers are part of its format.</summary>
internal enum WalRecordType : byte
{
    /// <summary>index i64 | term i64 | log time i64 | payload.</summary>
    Entry = 1,

    /// <summary>term i64 | u16 length, or 0xFFFF for no vote | node id in UTF-8.</summary>
    Vote = 2,

    /// <summary>index i64 | term i64 of the entry that is the last one from now on.</summary>
    Truncate = 3,
}

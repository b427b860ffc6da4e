namespace RaftKv.Embedded;

/// <summary>A page of a scan.</summary>
public sealed record KvScanPage
{
    /// <summary>The entries, in UTF-8 ordinal order, or the other way round for <see cref="KvScanOptions.Descending"/>.</summary>
    public required IReadOnlyList<KvEntry> Entries { get; init; }

    /// <summary>
    /// The version of which every entry is the state: to be given as <see cref="KvScanOptions.AtVersion"/> for the next page.
    /// </summary>
    public required KvVersion Version { get; init; }

    /// <summary>The value of <see cref="KvScanOptions.After"/> for the next page; <c>null</c> when there is none.</summary>
    public string? Next { get; init; }
}

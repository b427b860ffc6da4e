namespace RaftKv.Embedded;

/// <summary>A page of a scan.</summary>
public sealed record KvScanPage
{
    /// <summary>The entries, in UTF-8 ordinal order, or in the reverse order for <see cref="KvScanOptions.Descending"/>.</summary>
    public required IReadOnlyList<KvEntry> Entries { get; init; }

    /// <summary>The version that all entries were read at. Pass it as <see cref="KvScanOptions.AtVersion"/> for the next page.</summary>
    public required KvVersion Version { get; init; }

    /// <summary>The value of <see cref="KvScanOptions.After"/> for the next page; <c>null</c> when this page is the last.</summary>
    public string? Next { get; init; }
}

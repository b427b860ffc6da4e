using System.Globalization;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The names of files in the snapshots' directory. Numbers are padded, so that the order of names is that of the entries.
/// </summary>
internal static class SnapshotNames
{
    public const string TemporarySuffix = ".tmp";
    public const string PartSuffix = ".part";
    public const string DamagedSuffix = ".damaged";

    private const string Prefix = "snapshot-";
    private const string Suffix = ".snap";

    /// <summary>The name of the snapshot that covers the log up to and including an entry.</summary>
    public static string Of(EntryId last) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{last.Index:D19}-{last.Term:D19}{Suffix}");

    /// <summary>The name of a snapshot of <paramref name="totalBytes"/> bytes that is being received.</summary>
    public static string OfPart(EntryId last, long totalBytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{Of(last)}.{totalBytes}{PartSuffix}");

    /// <summary>Whether a name is one that this class makes. Files with other names are not touched.</summary>
    public static bool IsOwn(string name)
    {
        if (name.EndsWith(PartSuffix, StringComparison.Ordinal)
            && name.LastIndexOf('.', name.Length - PartSuffix.Length - 1) is var dot and > 0)
            return long.TryParse(name.AsSpan((dot + 1)..^PartSuffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _)
                && TryParse(name[..dot], out _);
        foreach (var suffix in (ReadOnlySpan<string>)[TemporarySuffix, DamagedSuffix])
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal))
                return TryParse(name[..^suffix.Length], out _);
        }
        return TryParse(name, out _);
    }

    /// <summary>Reads the name of a finished snapshot.</summary>
    public static bool TryParse(string name, out EntryId last)
    {
        const int Digits = 19;
        last = default;
        if (name.Length != Prefix.Length + Digits + 1 + Digits + Suffix.Length
            || !name.StartsWith(Prefix, StringComparison.Ordinal) || !name.EndsWith(Suffix, StringComparison.Ordinal)
            || !long.TryParse(name.AsSpan(Prefix.Length, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            || !long.TryParse(name.AsSpan(Prefix.Length + Digits + 1, Digits), NumberStyles.None, CultureInfo.InvariantCulture,
                out var term))
        {
            return false;
        }
        last = new EntryId(term, index);
        return true;
    }
}

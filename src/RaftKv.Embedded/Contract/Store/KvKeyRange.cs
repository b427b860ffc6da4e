namespace RaftKv.Embedded;

/// <summary>A range of keys in UTF-8 ordinal order. <c>default</c> is every key.</summary>
public readonly record struct KvKeyRange
{
    /// <summary>The first key of the range, included; <c>null</c> is the first key of the store.</summary>
    public string? From { get; init; }

    /// <summary>The end of the range, excluded; <c>null</c> is no end.</summary>
    public string? To { get; init; }

    /// <summary>Only keys that start with this prefix; <c>null</c> for any.</summary>
    public string? Prefix { get; init; }

    /// <summary>Every key.</summary>
    public static KvKeyRange All => default;

    /// <summary>The keys that start with <paramref name="prefix"/>.</summary>
    public static KvKeyRange StartingWith(string prefix) => new() { Prefix = prefix };

    /// <summary>One key.</summary>
    public static KvKeyRange Exactly(string key) => new() { From = key, To = key + "\0" };

    /// <summary>The keys from <paramref name="from"/> (included) to <paramref name="to"/> (excluded).</summary>
    public static KvKeyRange Between(string? from, string? to) => new() { From = from, To = to };
}

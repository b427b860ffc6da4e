using System.Diagnostics.CodeAnalysis;

namespace RaftKv.Embedded;

/// <summary>A value that was read and decoded. <c>default</c> is the answer for a key that does not exist.</summary>
public readonly record struct KvValue<T>
{
    /// <summary>Whether the key exists.</summary>
    public bool Found { get; init; }

    /// <summary>The value; <c>default</c> when the key does not exist, or holds the JSON <c>null</c>.</summary>
    public T? Value { get; init; }

    /// <summary>Whether the key exists and holds something other than the JSON <c>null</c>.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    public bool HasValue => Found && Value is not null;

    /// <summary>The version of the key's last write; <see cref="KvVersion.None"/> when it does not exist.</summary>
    public KvVersion Version { get; init; }

    /// <summary>From when on the key may be removed; see <see cref="KvGetResult.ExpiresAt"/>.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The version this node had applied when it read: everything up to it is reflected in the answer.</summary>
    public KvVersion ReadAt { get; init; }

    /// <summary>How old the copy that was read may be; see <see cref="KvGetResult.Age"/>.</summary>
    public TimeSpan Age { get; init; }
}

using System.Collections.Immutable;

namespace RaftKv.Embedded;

/// <summary>The content of a <see cref="KvView{T}"/> at one version; it never changes.</summary>
public sealed record KvViewState<T>
{
    internal static readonly KvViewState<T> Empty = new();

    /// <summary>The values by their whole keys.</summary>
    public ImmutableDictionary<string, T> Values { get; init; } = ImmutableDictionary.Create<string, T>(StringComparer.Ordinal);

    /// <summary>The keys whose values could not be decoded, and why. They are not among <see cref="Values"/>.</summary>
    public ImmutableDictionary<string, Exception> Errors { get; init; } =
        ImmutableDictionary.Create<string, Exception>(StringComparer.Ordinal);

    /// <summary>The version of this state: it contains every change of these keys up to it.</summary>
    public KvVersion Version { get; init; }
}

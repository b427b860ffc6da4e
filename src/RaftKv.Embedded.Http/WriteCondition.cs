using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace RaftKv.Embedded.Http;

/// <summary>
/// What <c>If-Match</c> or <c>If-None-Match: *</c> ask of the key that is about to be written (RFC 9110 §13). <c>If-Match</c> may list
/// several entity tags: one of them must be the key's current version. Weak tags and tags of other servers never match.
/// </summary>
internal sealed class WriteCondition
{
    private readonly KvConditionKind _kind;
    private readonly KvVersion[] _versions;

    private WriteCondition(KvConditionKind kind, params KvVersion[] versions) => (_kind, _versions) = (kind, versions);

    public bool IsAlways => _kind == KvConditionKind.Always;

    public bool IsNotExists => _kind == KvConditionKind.NotExists;

    /// <summary>The condition as text, to compare requests.</summary>
    public string Text => $"{_kind}\0{(_versions.Length == 0 ? "0" : string.Join(',', _versions))}";

    /// <exception cref="RequestRefusedException">The headers state a condition that a write cannot have; the error names the
    /// header.</exception>
    public static WriteCondition Read(IHeaderDictionary headers)
    {
        if (headers.IfMatch.Count > 0 && headers.IfNoneMatch.Count > 0)
            throw RequestRefusedException.BadInput("If-None-Match",
                "If-Match and If-None-Match exclude each other here. Send one of them.");
        if (headers.IfNoneMatch.Count > 0)
        {
            return headers.IfNoneMatch.ToString() == "*" ? new(KvConditionKind.NotExists) : throw RequestRefusedException.BadInput(
                "If-None-Match", "A write takes only If-None-Match: *, which asks that the key does not exist.");
        }
        if (headers.IfMatch.Count == 0)
            return new(KvConditionKind.Always);
        if (headers.IfMatch.ToString() == "*")
            return new(KvConditionKind.Exists);
        if (!EntityTagHeaderValue.TryParseStrictList(headers.IfMatch, out var tags) || tags.Any(tag => tag.Tag == "*"))
        {
            throw RequestRefusedException.BadInput(
                "If-Match", "If-Match takes versions as they came in an ETag, for example \"12\", separated by commas, or *.");
        }
        return new(KvConditionKind.VersionIs, [.. tags.Select(Version).OfType<KvVersion>()]);
    }

    /// <summary>Writes under the condition. A write that finds another of the listed versions is repeated with that one.</summary>
    /// <param name="current">Reads the key's version.</param>
    /// <param name="write">Writes under one condition of the store.</param>
    public async Task<(KvWriteResult Result, bool IsReplay)> WriteAsync(
        Func<Task<KvVersion>> current, Func<KvCondition, Task<(KvWriteResult Result, bool IsReplay)>> write)
    {
        if (_kind != KvConditionKind.VersionIs)
            return await write(Simple());
        if (_versions.Length == 0)
            return (new KvWriteResult(false, await current()), false);
        // A key's version only rises, so that no version is tried twice.
        for (var version = _versions[0]; ;)
        {
            var outcome = await write(KvCondition.VersionIs(version));
            if (outcome.Result.Applied || outcome.Result.Version == version || !_versions.Contains(outcome.Result.Version))
                return outcome;
            version = outcome.Result.Version;
        }
    }

    /// <summary>The error of a write that found the key in another state.</summary>
    public RequestRefusedException Failed(KvVersion current) => new(new Problem(
        StatusCodes.Status412PreconditionFailed, "precondition_failed", (_kind, current.Value) switch
        {
            (KvConditionKind.NotExists, _) => $"The key exists, at version {current}. Nothing was changed.",
            (_, 0) => "The key does not exist. Nothing was changed.",
            _ when _versions.Length == 0 => $"The key's version is {current}; none of the entity tags is a version. Nothing was changed.",
            _ => $"The key's version is {current}, not {string.Join(" or ", _versions)}. Nothing was changed.",
        })
    { CurrentVersion = current });

    private KvCondition Simple() => _kind switch
    {
        KvConditionKind.Exists => KvCondition.Exists,
        KvConditionKind.NotExists => KvCondition.NotExists,
        _ => KvCondition.Always,
    };

    // Zero would ask that the key does not exist, which is not what an entity tag means.
    private static KvVersion? Version(EntityTagHeaderValue tag) =>
        !tag.IsWeak
            && long.TryParse(tag.Tag.AsSpan().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            && version > 0
                ? new KvVersion(version) : null;
}

using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>
/// How long the key of a <c>PUT</c> lives: <c>?ttl=</c> or the header <c>X-RaftKv-Ttl</c>, <c>?sliding=</c>, <c>?expiresAt=</c> or
/// <c>?keepLifetime=true</c>.
/// </summary>
internal readonly record struct RequestLifetime(TimeSpan? TimeToLive, TimeSpan? Sliding, DateTimeOffset? ExpiresAt, bool Keep)
{
    /// <summary>The header that says the same as <c>?ttl=</c>.</summary>
    public const string Header = "X-RaftKv-Ttl";

    private const decimal MaxSeconds = 3_155_760_000; // 100 years

    public bool IsGiven => this != default;

    /// <summary>The lifetime as text, to compare requests; empty when the request gives none.</summary>
    public string Text => !IsGiven ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{TimeToLive?.Ticks}/{Sliding?.Ticks}/{ExpiresAt?.UtcTicks}/{Keep}");

    /// <exception cref="RequestRefusedException">A parameter is no time, or two contradict each other.</exception>
    public static RequestLifetime Read(HttpRequest request)
    {
        var query = request.Query;
        var inHeader = request.Headers.ContainsKey(Header);
        if (inHeader && query.ContainsKey("ttl"))
            throw RequestRefusedException.BadInput("ttl", $"The parameter ttl and the header {Header} say the same. Send one of them.");
        var lifetime = new RequestLifetime(
            inHeader ? Seconds(Header, request.Headers[Header].ToString()) : Seconds("ttl", query["ttl"].ToString()),
            Seconds("sliding", query["sliding"].ToString()),
            PointInTime("expiresAt", query["expiresAt"].ToString()),
            RequestFlag.Read(query, "keepLifetime"));
        if (lifetime is { TimeToLive: not null, ExpiresAt: not null })
            throw RequestRefusedException.BadInput("expiresAt",
                "The parameters ttl and expiresAt say the same in two ways. Send one of them.");
        if (lifetime.Keep && lifetime != new RequestLifetime(null, null, null, true))
            throw RequestRefusedException.BadInput(
                "keepLifetime", "The parameter keepLifetime keeps what the key has; it goes with no other lifetime.");
        return lifetime;
    }

    /// <summary>The lifetime as options of a set under this condition.</summary>
    public KvSetOptions ToOptions(KvCondition when = default) =>
        new() { When = when, TimeToLive = TimeToLive, SlidingExpiration = Sliding, ExpiresAt = ExpiresAt, KeepLifetime = Keep };

    private static TimeSpan? Seconds(string parameter, string text) => text.Length == 0 ? null
        : decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds is >= 0.001m and <= MaxSeconds
            ? TimeSpan.FromMilliseconds((double)(seconds * 1000))
            : throw RequestRefusedException.BadInput(parameter,
            $"{parameter} is a time in seconds, from 0.001 to {MaxSeconds} (100 years).");

    private static DateTimeOffset? PointInTime(string parameter, string text) => text.Length == 0 ? null
        : DateTimeOffset.TryParseExact(
            text, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            && time > DateTimeOffset.UnixEpoch
            ? time : throw RequestRefusedException.BadInput(parameter,
            $"The parameter {parameter} is a time after 1970 like 2030-12-31T23:59:59Z.");
}

using System.CommandLine;
using System.Globalization;

namespace RaftKv.Embedded.Tool.Online;

/// <summary>How long a key lives.</summary>
internal sealed class LifetimeOptions
{
    private readonly Option<double?> _ttl = new("--ttl") { Description = "Seconds that the key lives" };
    private readonly Option<double?> _sliding = new("--sliding") { Description = "Seconds that the key lives after each use" };
    private readonly Option<DateTimeOffset?> _expiresAt = new("--expires-at")
    {
        Description = "When the key expires, for example 2030-12-31T23:59:59Z",
    };

    private readonly Option<bool> _keep = new("--keep-lifetime") { Description = "Keep the lifetime that the key has" };

    public LifetimeOptions(Command command)
    {
        command.Add(_ttl);
        command.Add(_sliding);
        command.Add(_expiresAt);
        command.Add(_keep);
    }

    /// <summary>The parameters of the route; <c>null</c> for an option that was not given.</summary>
    public (string Name, string? Value)[] From(ParseResult parsed) =>
    [
        ("ttl", Number(parsed.GetValue(_ttl))),
        ("sliding", Number(parsed.GetValue(_sliding))),
        ("expiresAt", parsed.GetValue(_expiresAt)?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)),
        ("keepLifetime", parsed.GetValue(_keep) ? "true" : null),
    ];

    private static string? Number(double? seconds) => seconds?.ToString("0.###", CultureInfo.InvariantCulture);
}

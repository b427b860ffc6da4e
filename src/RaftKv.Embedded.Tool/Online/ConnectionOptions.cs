using System.CommandLine;

namespace RaftKv.Embedded.Tool.Online;

/// <summary>The options of every command that asks a running node.</summary>
internal sealed class ConnectionOptions
{
    private const string UrlVariable = "RAFTKV_URL";
    private const string TokenVariable = "RAFTKV_TOKEN";

    private static readonly char[] Separators = [',', ' ', ';'];

    private readonly Option<string[]> _url = new("--url")
    {
        Description = $"The address below which a node's routes are, for example http://10.0.0.1:8080 or https://host/kv; several, "
            + $"repeated or separated by commas, are tried in turn. Default: {UrlVariable}",
    };

    private readonly Option<string?> _token = new("--token") { Description = $"Sent as 'Authorization: Bearer'. Default: {TokenVariable}" };

    private readonly Option<string[]> _headers = new("--header")
    {
        Description = "One more header for every request, 'Name: value'; may be repeated",
    };

    private readonly Option<double> _timeout;

    /// <param name="command">The command that gets the options.</param>
    /// <param name="seconds">The default time limit, in seconds.</param>
    /// <param name="limits">What the time limit is for.</param>
    public ConnectionOptions(Command command, double seconds = 10, string limits = "for the whole call, all addresses together")
    {
        _timeout = new("--timeout") { Description = $"Seconds {limits}, 0.1 to 86400", DefaultValueFactory = _ => seconds };
        _timeout.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 0.1 and <= 86_400))
                result.AddError("--timeout is a number of seconds from 0.1 to 86400.");
        });
        command.Add(_url);
        command.Add(_token);
        command.Add(_headers);
        command.Add(_timeout);
    }

    /// <exception cref="ToolException">There is no address, or an address or a header is malformed.</exception>
    public ConnectionSettings From(ParseResult parsed) =>
        new(Addresses(parsed), [.. Headers(parsed)], TimeSpan.FromSeconds(parsed.GetValue(_timeout)));

    public ClusterClient Client(ParseResult parsed) => new(From(parsed));

    private List<Uri> Addresses(ParseResult parsed)
    {
        var told = parsed.GetValue(_url) is { Length: > 0 } given ? given : [Environment.GetEnvironmentVariable(UrlVariable) ?? ""];
        var addresses = told.SelectMany(t => t.Split(Separators, StringSplitOptions.RemoveEmptyEntries)).Select(Address).ToList();
        return addresses.Count > 0 ? addresses
            : throw ToolException.Usage($"No address. Give --url http://host:port, or set {UrlVariable}.");
    }

    private static Uri Address(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
            throw ToolException.Usage($"'{text}' is no address of the form http://host:port or https://host/path.");
        if (address.Query.Length > 0 || address.Fragment.Length > 0)
            throw ToolException.Usage($"'{text}' has a query or a fragment. Only a path may follow the host.");
        return text.EndsWith('/') ? address : new Uri(text + "/");
    }

    private IEnumerable<(string Name, string Value)> Headers(ParseResult parsed)
    {
        if ((parsed.GetValue(_token) ?? Environment.GetEnvironmentVariable(TokenVariable)) is { Length: > 0 } token)
            yield return ("Authorization", "Bearer " + token);
        foreach (var line in parsed.GetValue(_headers) ?? [])
        {
            var colon = line.IndexOf(':');
            if (colon < 1 || line.AsSpan().ContainsAny('\r', '\n'))
                throw ToolException.Usage($"'{line}' is no header of the form 'Name: value'.");
            yield return (line[..colon].Trim(), line[(colon + 1)..].Trim());
        }
    }
}

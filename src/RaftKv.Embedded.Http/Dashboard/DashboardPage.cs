using System.Security.Cryptography;
using System.Text;

namespace RaftKv.Embedded.Http.Dashboard;

/// <summary>
/// The page as one document with its style and script inside. The content security policy has their hashes: the browser runs nothing else
/// and loads nothing from elsewhere.
/// </summary>
internal sealed record DashboardPage(ReadOnlyMemory<byte> Html, string ContentSecurityPolicy)
{
    private static readonly string[] Scripts =
    [
        "dashboard.js", "dashboard.members.js", "dashboard.figures.js", "dashboard.changes.js", "dashboard.keys.js", "dashboard.tree.js",
        "dashboard.locks.js",
    ];

    public static DashboardPage Create(bool allowsChanges)
    {
        var style = Resource("dashboard.css");
        var script = string.Concat(Scripts.Select(Resource));
        var html = Resource("dashboard.html")
            .Replace("{{access}}", allowsChanges ? "open" : "closed", StringComparison.Ordinal)
            .Replace("{{style}}", style, StringComparison.Ordinal)
            .Replace("{{script}}", script, StringComparison.Ordinal);
        var policy = $"default-src 'none'; style-src '{Hash(style)}'; script-src '{Hash(script)}'; connect-src 'self'; img-src data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        return new DashboardPage(Encoding.UTF8.GetBytes(html), policy);
    }

    // Browsers hash what they parsed, where each line ends with a single line feed.
    private static string Resource(string name)
    {
        using var stream = typeof(DashboardPage).Assembly.GetManifestResourceStream(typeof(DashboardPage), name)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static string Hash(string text) => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

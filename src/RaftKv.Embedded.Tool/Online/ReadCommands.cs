using System.CommandLine;
using System.Text.Json;
using RaftKv.Embedded.Tool.Output;

namespace RaftKv.Embedded.Tool.Online;

/// <summary><c>raftkv get</c> and <c>raftkv list</c>.</summary>
internal static class ReadCommands
{
    private const int MostListed = 10_000;
    private const int Page = 1_000;

    /// <summary>The tool holds a list in memory: a list that reaches this size ends there, and says so.</summary>
    private const long MostListedBytes = 64L * 1024 * 1024;

    public static Command Get()
    {
        var key = new Argument<string>("key") { Description = "The key" };
        var output = new Option<string?>("--output", "-o") { Description = "Write the bytes of the value into this file" };
        var minVersion = new Option<long?>("--min-version") { Description = "Wait until the node that answers has this version" };
        var consistency = ReadOptions.Consistency();
        var command = new Command("get", "Writes the bytes of a value to the standard output, as they are")
        {
            key, output, consistency, minVersion,
        };
        var connection = new ConnectionOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Client(parsed);
            var name = parsed.GetRequiredValue(key);
            var request = ApiRequest.Read("v1/kv", ("key", name), ("consistency", parsed.GetValue(consistency)),
                ("minVersion", parsed.GetValue(minVersion)?.ToString()));
            var answer = await client.SendAsync(request, cancellationToken);
            var file = parsed.GetValue(output);
            if (file is not null)
                await File.WriteAllBytesAsync(file, answer.Body, cancellationToken);
            if (ToolCommand.WantsJson(parsed))
                WriteJson(name, answer, file);
            else if (file is null)
                WriteBytes(answer.Body);
            return ExitCode.Done;
        });
        return command;
    }

    public static Command List()
    {
        var prefix = ReadOptions.Prefix();
        var after = new Option<string?>("--after") { Description = "Only keys behind this one" };
        var values = new Option<bool>("--values") { Description = "Also versions, sizes, ends and values" };
        var limit = ReadOptions.Limit("keys", MostListed);
        var consistency = ReadOptions.Consistency();
        var command = new Command("list", "Lists keys in UTF-8 order") { prefix, values, limit, after, consistency };
        var connection = new ConnectionOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Client(parsed);
            var (entries, next) = await ListAsync(client, parsed.GetValue(prefix)!, parsed.GetValue(after), parsed.GetValue(limit),
                keysOnly: !parsed.GetValue(values), parsed.GetValue(consistency), cancellationToken);
            if (ToolCommand.WantsJson(parsed))
                WriteJson(entries, next);
            else
                Say(entries, next, parsed.GetValue(values));
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task<(List<JsonElement> Entries, string? Next)> ListAsync(
        ClusterClient client, string prefix, string? after, int limit, bool keysOnly, string? consistency,
        CancellationToken cancellationToken)
    {
        var entries = new List<JsonElement>();
        long bytes = 0;
        while (true)
        {
            var request = ApiRequest.Read("v1/kv", ("prefix", prefix), ("limit", Math.Min(Page, limit - entries.Count).ToString()),
                ("after", after), ("keysOnly", keysOnly ? "true" : null), ("consistency", consistency));
            var answer = await client.SendAsync(request, cancellationToken);
            var page = answer.Json();
            entries.AddRange(page.GetProperty("entries").EnumerateArray());
            bytes += answer.Body.Length;
            after = page.TryGetProperty("next", out var next) ? next.GetString() : null;
            if (after is null || entries.Count >= limit || bytes >= MostListedBytes)
                return (entries, after);
        }
    }

    private static void Say(List<JsonElement> entries, string? next, bool withValues)
    {
        if (!withValues)
        {
            foreach (var entry in entries)
                Console.WriteLine(Text.Printable(entry.GetProperty("key").GetString()!));
        }
        else
        {
            var table = new TextTable("KEY", "VERSION", "EXPIRES", "VALUE");
            foreach (var entry in entries)
            {
                table.Add(Text.Printable(entry.GetProperty("key").GetString()!), entry.GetProperty("version").GetInt64().ToString(),
                    entry.TryGetProperty("expiresAt", out var end) ? $"{end.GetDateTimeOffset().UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC"
                        : "never",
                    Text.Value(entry.GetProperty("value").GetBytesFromBase64()));
            }
            table.Print();
        }
        if (next is not null)
            Console.Error.WriteLine($"More keys follow: --after '{Text.Printable(next)}'");
    }

    private static void WriteJson(List<JsonElement> entries, string? next) => JsonOutput.Write(json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("entries");
        foreach (var entry in entries)
            entry.WriteTo(json);
        json.WriteEndArray();
        if (next is not null)
            json.WriteString("next", next);
        json.WriteEndObject();
    });

    private static void WriteJson(string key, ApiAnswer answer, string? file) => JsonOutput.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        json.WriteNumber("version", long.Parse(answer.Header("ETag")!.Trim('"')));
        json.WriteNumber("bytes", answer.Body.Length);
        if (answer.Header("X-RaftKv-Expires-At") is { } end)
            json.WriteString("expiresAt", end);
        if (file is null)
            json.WriteBase64String("value", answer.Body);
        else
            json.WriteString("file", file);
        json.WriteEndObject();
    });

    private static void WriteBytes(byte[] value)
    {
        using var output = Console.OpenStandardOutput();
        output.Write(value);
        // On a terminal the prompt then begins on a new line; a program gets only the bytes.
        if (!Console.IsOutputRedirected && value is not [.., (byte)'\n'])
            output.Write("\n"u8);
    }
}

using System.CommandLine;
using System.Text.Json;
using RaftKv.Embedded.Tool.Output;

namespace RaftKv.Embedded.Tool.Online;

/// <summary><c>raftkv set</c> and <c>raftkv delete</c>.</summary>
internal static class WriteCommands
{
    public static Command Set()
    {
        var key = Key();
        var command = new Command("set",
            "Stores a value: a text, the bytes of a file or of the standard input, or bytes in base64") { key };
        var value = new ValueOptions(command);
        var lifetime = new LifetimeOptions(command);
        var condition = new ConditionOptions(command, mayBeNew: true);
        var connection = new ConnectionOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var settings = connection.From(parsed);
            var path = ApiRequest.With("v1/kv", [("key", parsed.GetRequiredValue(key)), .. lifetime.From(parsed)]);
            var request = condition.AddTo(parsed, new ApiRequest(HttpMethod.Put, path)
            {
                Body = (await value.ReadAsync(parsed, cancellationToken), "application/octet-stream"),
            });
            using var client = new ClusterClient(settings);
            var written = (await client.SendAsync(request, cancellationToken)).Json();
            Say(parsed, written, $"version {written.GetProperty("version").GetInt64()}");
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Delete()
    {
        var key = Key();
        var command = new Command("delete", "Deletes a key; one that is not there is no error") { key };
        var condition = new ConditionOptions(command, mayBeNew: false);
        var connection = new ConnectionOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Client(parsed);
            var request = condition.AddTo(parsed, new ApiRequest(HttpMethod.Delete,
                ApiRequest.With("v1/kv", ("key", parsed.GetRequiredValue(key)))));
            var deleted = (await client.SendAsync(request, cancellationToken)).Json();
            Say(parsed, deleted, deleted.GetProperty("deleted").GetBoolean() ? "deleted" : "the key was not there");
            return ExitCode.Done;
        });
        return command;
    }

    private static void Say(ParseResult parsed, JsonElement answer, string text)
    {
        if (ToolCommand.WantsJson(parsed))
            JsonOutput.Write(answer);
        else
            Console.WriteLine(text);
    }

    private static Argument<string> Key() => new("key") { Description = "The key" };
}

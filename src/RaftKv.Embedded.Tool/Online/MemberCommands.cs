using System.Buffers;
using System.CommandLine;
using System.Text.Json;
using RaftKv.Embedded.Tool.Output;

namespace RaftKv.Embedded.Tool.Online;

/// <summary><c>raftkv members …</c> and <c>raftkv transfer</c>: the members of the cluster, and its leader.</summary>
internal static class MemberCommands
{
    private const string Members = "v1/cluster/members";

    // A new member fetches the whole state first.
    private const double ChangeSeconds = 120;

    public static Command Create()
    {
        var command = new Command("members", "Lists the members of the cluster, or changes them") { Add(), Promote(), Remove(), Replace() };
        var connection = new ConnectionOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Client(parsed);
            Say((await client.SendAsync(ApiRequest.Read("v1/cluster"), cancellationToken)).Json(), parsed);
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Transfer()
    {
        var to = new Argument<string?>("node")
        {
            Description = "The voter that shall lead; the most advanced one unless told",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("transfer", "Hands the leadership over to another voter") { to };
        // With a name, a second attempt finds that the node already leads. Without a name it could hand over twice, so it is not repeated.
        return WithAction(command, 60, parsed => parsed.GetValue(to) is { } node
            ? Post("v1/cluster/transfer", ("to", node))
            : Post("v1/cluster/transfer") with { IsRepeatable = false });
    }

    private static Command Add()
    {
        var (node, address) = (Node("The name of the new node"), Address());
        var learner = new Option<bool>("--learner") { Description = "It gets every write and never votes" };
        var command = new Command("add", "Adds a running node with an empty directory, and waits until it votes")
        {
            node, address, learner,
        };
        return WithAction(command, ChangeSeconds, parsed => Post(Members, ("nodeId", parsed.GetRequiredValue(node)),
            ("address", parsed.GetRequiredValue(address)), ("role", parsed.GetValue(learner) ? "learner" : "voter")));
    }

    private static Command Promote()
    {
        var node = Node("The name of the learner");
        return WithAction(new Command("promote", "Makes a learner a voter, and waits until it votes") { node }, ChangeSeconds,
            parsed => Post($"{Members}/{Escaped(parsed, node)}/promote"));
    }

    private static Command Remove()
    {
        var node = Node("The name of the member, dead or alive");
        return WithAction(new Command("remove", "Removes a member, dead or alive; its data stays") { node }, 60,
            parsed => new ApiRequest(HttpMethod.Delete, $"{Members}/{Escaped(parsed, node)}") { IsRepeatable = true });
    }

    private static Command Replace()
    {
        var old = Node("The name of the member that goes, dead or alive", "old");
        var (node, address) = (Node("The name of the new node", "new"), Address());
        var command = new Command("replace", "Adds a node, waits until it votes, and only then removes a member") { old, node, address };
        return WithAction(command, ChangeSeconds, parsed => Post($"{Members}/{Escaped(parsed, old)}/replace",
            ("nodeId", parsed.GetRequiredValue(node)), ("address", parsed.GetRequiredValue(address))));
    }

    private static Command WithAction(Command command, double seconds, Func<ParseResult, ApiRequest> request)
    {
        var connection = new ConnectionOptions(command, seconds);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Client(parsed);
            Say((await client.SendAsync(request(parsed), cancellationToken)).Json(), parsed);
            return ExitCode.Done;
        });
        return command;
    }

    private static ApiRequest Post(string path, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            foreach (var (name, value) in fields)
                json.WriteString(name, value);
            json.WriteEndObject();
        }
        return new ApiRequest(HttpMethod.Post, path) { Body = (body.WrittenSpan.ToArray(), "application/json"), IsRepeatable = true };
    }

    // The same form for every command: the leader, and the members as the node that answers sees them.
    private static void Say(JsonElement status, ParseResult parsed)
    {
        if (!ToolCommand.WantsJson(parsed))
        {
            StatusCommand.SayMembers(status);
            return;
        }
        JsonOutput.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("nodeId", status.GetProperty("nodeId").GetString());
            json.WriteString("leaderId", status.GetProperty("leaderId").GetString());
            json.WritePropertyName("members");
            status.GetProperty("members").WriteTo(json);
            json.WriteEndObject();
        });
    }

    private static string Escaped(ParseResult parsed, Argument<string> node) => Uri.EscapeDataString(parsed.GetRequiredValue(node));

    private static Argument<string> Node(string description, string name = "node") => new(name) { Description = description };

    private static Argument<string> Address() => new("address") { Description = "Where its peers reach it, host:port" };
}

using System.CommandLine;

namespace RaftKv.Embedded.Tool.Online;

/// <summary><c>raftkv watch</c>: the changes of keys, until the command is interrupted.</summary>
internal static class WatchCommand
{
    public static Command Create()
    {
        var prefix = ReadOptions.Prefix();
        var key = new Option<string?>("--key") { Description = "Only this key" };
        var from = new Option<long?>("--from") { Description = "Begin at this version instead of now" };
        var initial = new Option<bool>("--initial") { Description = "Begin with the current values" };
        var values = new Option<bool>("--values") { Description = "Also the values" };
        var count = new Option<int?>("--count") { Description = "End after so many changes" };
        var consistency = ReadOptions.Consistency();
        var command = new Command("watch",
            "Tells every change of keys in order, until it is interrupted; goes on at another address when its node is lost")
        {
            prefix, key, from, initial, values, count, consistency,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(key) is not null && result.GetResult(prefix) is { Tokens.Count: > 0 })
                result.AddError("Give a prefix or --key.");
            if (result.GetResult(from) is not null && result.GetResult(initial) is not null)
                result.AddError("Give --from or --initial.");
        });
        var connection = new ConnectionOptions(command, 60, "without any node that serves the watch, after which it ends");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var name = parsed.GetValue(key);
            var path = ApiRequest.With("v1/watch", ("prefix", name is null ? parsed.GetValue(prefix) : null), ("key", name),
                ("from", parsed.GetValue(from)?.ToString()), ("initial", parsed.GetValue(initial) ? "true" : null),
                ("keysOnly", parsed.GetValue(values) ? null : "true"), ("consistency", parsed.GetValue(consistency)));
            var printer = new ChangePrinter(ToolCommand.WantsJson(parsed), parsed.GetValue(values), parsed.GetValue(count) ?? int.MaxValue);
            try
            {
                await new ChangeStream(connection.From(parsed), path, printer.Print).RunAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // An interrupt is how a watch normally ends.
            }
            return ExitCode.Done;
        });
        return command;
    }
}

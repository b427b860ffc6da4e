using System.CommandLine;
using RaftKv.Embedded.Recovery;
using RaftKv.Embedded.Tool.Output;

namespace RaftKv.Embedded.Tool.Offline;

/// <summary><c>raftkv verify</c> and <c>raftkv restore</c>, for backups that <see cref="IRaftKvCluster.BackupAsync"/> wrote.</summary>
internal static class BackupCommands
{
    public static Command Verify()
    {
        var backup = new Argument<string>("backup") { Description = "The file" };
        var command = new Command("verify", "Reads a backup to its end and checks every byte of it") { backup };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var path = parsed.GetRequiredValue(backup);
            await using var file = File.OpenRead(path);
            var verified = await RaftKvBackup.VerifyAsync(file, cancellationToken);
            if (ToolCommand.WantsJson(parsed))
                JsonOutput.Write(json => BackupOutput.Write(json, verified, path));
            else
                BackupOutput.Say(verified);
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Restore()
    {
        var backup = new Argument<string>("backup") { Description = "The file" };
        var node = new NodeOptions();
        var command = new Command("restore",
            "Makes an empty data directory that of the only member of a new cluster with everything a backup holds") { backup };
        node.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var target = node.From(parsed);
            var path = parsed.GetRequiredValue(backup);
            await using var file = File.OpenRead(path);
            var restored = await RaftKvBackup.RestoreAsync(file, target.Directory, target.NodeId, target.Address, cancellationToken);
            if (ToolCommand.WantsJson(parsed))
            {
                JsonOutput.Write(json =>
                {
                    json.WriteStartObject();
                    json.WritePropertyName("backup");
                    BackupOutput.Write(json, restored.Backup, path);
                    json.WritePropertyName("restored");
                    NewClusterOutput.Write(json, restored, target);
                    json.WriteEndObject();
                });
                return ExitCode.Done;
            }
            BackupOutput.Say(restored.Backup);
            NewClusterOutput.Say(restored, target);
            return ExitCode.Done;
        });
        return command;
    }
}

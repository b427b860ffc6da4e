using System.CommandLine;

namespace RaftKv.Embedded.Tool;

/// <summary>Verify and restore what <see cref="IRaftKvCluster.BackupAsync"/> wrote.</summary>
internal static class BackupCommands
{
    public static Command Verify()
    {
        var backup = new Argument<string>("backup") { Description = "The file" };
        var command = new Command("verify", "Reads a backup to its end and checks every byte of it") { backup };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var file = File.OpenRead(parsed.GetRequiredValue(backup));
            Say(await RaftKvBackup.VerifyAsync(file, cancellationToken));
            return 0;
        });
        return command;
    }

    public static Command Restore()
    {
        var backup = new Argument<string>("backup") { Description = "The file" };
        var node = new NodeOptions();
        var command = new Command("restore", "Makes an empty data directory that of the only member of a new cluster with everything a backup holds") { backup };
        node.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (directory, nodeId, address) = node.From(parsed);
            await using var file = File.OpenRead(parsed.GetRequiredValue(backup));
            var restored = await RaftKvBackup.RestoreAsync(file, directory, nodeId, address, cancellationToken);
            Say(restored.Backup);
            SayWhatIsNext(restored, directory, nodeId);
            return 0;
        });
        return command;
    }

    public static void SayWhatIsNext(RaftKvRestored restored, string directory, string nodeId)
    {
        Console.WriteLine($"New cluster {restored.ClusterId}; its versions begin above {restored.Version}.");
        Console.WriteLine($"Start {nodeId} on {directory}, then add the other nodes, with empty directories, to it.");
    }

    private static void Say(RaftKvBackupInfo backup) =>
        Console.WriteLine($"A whole backup: {backup.KeyCount:N0} keys at version {backup.Version} of cluster {backup.ClusterId}, last write {backup.LastWriteAt:yyyy-MM-dd HH:mm:ss} UTC, {backup.Bytes:N0} bytes.");
}

using System.CommandLine;
using RaftKv.Embedded.Recovery;
using RaftKv.Embedded.Tool.Output;

namespace RaftKv.Embedded.Tool.Online;

/// <summary><c>raftkv backup</c>: downloads all data of a node into a file, and verifies the file.</summary>
internal static class DownloadCommand
{
    private const int PartBytes = 256 * 1024;

    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "Where the backup goes" };
        var force = new Option<bool>("--force") { Description = "Replace a file that is there" };
        var minVersion = new Option<long?>("--min-version") { Description = "The backup has at least this version" };
        var command = new Command("backup", "Downloads a backup of everything into a file, and verifies every byte of it")
        {
            file, force, minVersion,
        };
        var connection = new ConnectionOptions(command, 60, "until the download begins, and without a byte while it lasts");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var target = parsed.GetRequiredValue(file);
            if (File.Exists(target) && !parsed.GetValue(force))
                throw new ToolException(ExitCode.Refused, "file_exists", $"{target} exists. Give another name, or --force to replace it.");
            var settings = connection.From(parsed);
            using var client = new ClusterClient(settings);
            using var response = await client.OpenAsync(
                ApiRequest.Read("v1/cluster/backup", ("minVersion", parsed.GetValue(minVersion)?.ToString())), cancellationToken);
            var backup = await DownloadAsync(response, target, settings.Timeout, cancellationToken);
            if (ToolCommand.WantsJson(parsed))
                JsonOutput.Write(json => BackupOutput.Write(json, backup, target));
            else
                BackupOutput.Say(backup);
            return ExitCode.Done;
        });
        return command;
    }

    // Writes to another name until the backup is verified: a file with the target's name is always whole.
    private static async Task<RaftKvBackupInfo> DownloadAsync(
        HttpResponseMessage response, string target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var part = target + ".part";
        try
        {
            await using (var file = File.Create(part))
            {
                await CopyAsync(response, file, timeout, cancellationToken);
                file.Flush(flushToDisk: true);
            }
            RaftKvBackupInfo backup;
            await using (var file = File.OpenRead(part))
                backup = await RaftKvBackup.VerifyAsync(file, cancellationToken);
            File.Move(part, target, overwrite: true);
            return backup;
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    private static async Task CopyAsync(HttpResponseMessage response, Stream file, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var bytes = new byte[PartBytes];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        while (true)
        {
            limit.CancelAfter(timeout);
            int read;
            try
            {
                read = await body.ReadAsync(bytes, limit.Token);
            }
            catch (Exception e) when (e is HttpRequestException or IOException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                throw new ToolException(ExitCode.Unavailable, "broken_off",
                    $"The download broke off: {e.Message} No file was written. Repeat it.", e);
            }
            if (read == 0)
                return;
            await file.WriteAsync(bytes.AsMemory(0, read), cancellationToken);
        }
    }
}

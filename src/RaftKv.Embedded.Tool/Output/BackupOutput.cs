using System.Text.Json;

namespace RaftKv.Embedded.Tool.Output;

/// <summary>Prints what a backup holds.</summary>
internal static class BackupOutput
{
    public static void Say(RaftKvBackupInfo backup) => Console.WriteLine(
        $"A whole backup: {backup.KeyCount:N0} keys at version {backup.Version} of cluster {backup.ClusterId}, "
        + $"last write {backup.LastWriteAt:yyyy-MM-dd HH:mm:ss} UTC, {backup.Bytes:N0} bytes.");

    /// <param name="json">The writer that gets an object.</param>
    /// <param name="backup">The backup to describe.</param>
    /// <param name="file">The file of the backup.</param>
    public static void Write(Utf8JsonWriter json, RaftKvBackupInfo backup, string file)
    {
        json.WriteStartObject();
        json.WriteString("file", file);
        json.WriteNumber("version", backup.Version.Value);
        json.WriteNumber("keyCount", backup.KeyCount);
        json.WriteNumber("bytes", backup.Bytes);
        json.WriteString("clusterId", backup.ClusterId);
        json.WriteString("lastWriteAt", backup.LastWriteAt);
        json.WriteEndObject();
    }
}

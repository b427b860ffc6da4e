using System.CommandLine;
using System.Text;

namespace RaftKv.Embedded.Tool.Online;

/// <summary>The source of the bytes of a value; exactly one must be given.</summary>
internal sealed class ValueOptions
{
    /// <summary>No cluster takes a larger value.</summary>
    private const int MaxBytes = 16 * 1024 * 1024;

    private readonly Argument<string?> _text = new("value")
    {
        Description = "The value as text, stored in UTF-8",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _file = new("--file") { Description = "The value is the bytes of this file; '-': the standard input" };
    private readonly Option<string?> _base64 = new("--base64") { Description = "The value is these bytes, in base64" };

    public ValueOptions(Command command)
    {
        command.Add(_text);
        command.Add(_file);
        command.Add(_base64);
        command.Validators.Add(result =>
        {
            var isText = result.GetResult(_text)?.Tokens.Count > 0;
            bool[] sources = [isText, result.GetResult(_file) is not null, result.GetResult(_base64) is not null];
            if (sources.Count(isGiven => isGiven) != 1)
                result.AddError("Say what to store, in one way: a text behind the key, --file, or --base64.");
        });
    }

    /// <exception cref="ToolException">The value is not valid base64, or is too large for any cluster.</exception>
    public async Task<byte[]> ReadAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_base64) is { } base64)
            return FromBase64(base64);
        if (parsed.GetValue(_file) is not { } file)
            return Encoding.UTF8.GetBytes(parsed.GetValue(_text)!);
        await using var source = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
        return await ReadAsync(source, cancellationToken);
    }

    private static async Task<byte[]> ReadAsync(Stream source, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        var part = new byte[64 * 1024];
        while (await source.ReadAsync(part, cancellationToken) is var read and > 0)
        {
            bytes.Write(part, 0, read);
            if (bytes.Length > MaxBytes)
                throw new ToolException(ExitCode.Refused, "request_too_large",
                    $"The value is larger than {MaxBytes} bytes, the most that a cluster takes. Nothing was sent.");
        }
        return bytes.ToArray();
    }

    private static byte[] FromBase64(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            throw ToolException.Usage("The text behind --base64 is no base64.");
        }
    }
}

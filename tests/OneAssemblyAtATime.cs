using System.Security.Cryptography;
using System.Text;
using Xunit;

[assembly: AssemblyFixture(typeof(RaftKv.Testing.OneAssemblyAtATime))]

namespace RaftKv.Testing;

/// <summary>Holds a lock, shared by the test assemblies of this checkout, for as long as the tests of this one run.</summary>
internal sealed class OneAssemblyAtATime : IAsyncLifetime
{
    private FileStream? held;

    private static string LockPath
    {
        get
        {
            // <tests>/<project>/bin/<configuration>/<framework>/
            var tests = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", ".."));
            return Path.Combine(Path.GetTempPath(), $"raftkv-tests-{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(tests)))[..16]}.lock");
        }
    }

    public async ValueTask InitializeAsync()
    {
        while (held is null)
        {
            try
            {
                held = new FileStream(LockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(100);
            }
        }
    }

    public ValueTask DisposeAsync() => held?.DisposeAsync() ?? ValueTask.CompletedTask;
}

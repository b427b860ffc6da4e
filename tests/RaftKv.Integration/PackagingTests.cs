using System.IO.Compression;
using System.Xml.Linq;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>The packages as a user gets them: they are complete, and a new application runs with them.</summary>
public sealed class PackagingTests : IDisposable
{
    private readonly string root = TestDirectory.Create();

    /// <summary>A unique version, so that the package cache of the machine cannot supply an older build.</summary>
    private readonly string version = $"0.0.1-test.{Guid.NewGuid():n}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Packages => Path.Combine(root, "packages");

    public void Dispose() => TestDirectory.Delete(root);

    [Fact]
    public async Task A_fresh_console_app_restores_the_packed_package_and_runs_a_store_of_one_node()
    {
        await PackAsync("RaftKv.Embedded");
        AssertComplete("RaftKv.Embedded");

        await WriteConsumerAsync();
        var output = await DotNet.RunAsync(Path.Combine(root, "consumer"), ["run"], Token);

        // Not necessarily the last line: the console logger writes asynchronously.
        Assert.Contains("stored and read: value of 1 key", output.Split('\n', StringSplitOptions.TrimEntries));
    }

    [Theory]
    [InlineData("RaftKv.Embedded.Http")]
    [InlineData("RaftKv.Embedded.DataProtection")]
    [InlineData("RaftKv.Embedded.Testing")]
    public async Task The_packages_around_it_are_complete(string package)
    {
        await PackAsync(package);

        AssertComplete(package);
    }

    [Fact]
    public async Task The_tool_is_packed_under_its_own_name_and_runs_on_later_runtimes()
    {
        const string package = "RaftKv.Embedded.Tool";
        await PackAsync(package);

        var extracted = Path.Combine(root, "tool");
        await ZipFile.ExtractToDirectoryAsync(Path.Combine(Packages, $"{package}.{version}.nupkg"), extracted, Token);
        var files = Path.Combine(extracted, "tools", "net10.0", "any");
        Assert.Contains("<Command Name=\"raftkv\" EntryPoint=\"raftkv.dll\"",
            await File.ReadAllTextAsync(Path.Combine(files, "DotnetToolSettings.xml"), Token));
        Assert.Contains("\"rollForward\": \"Major\"", await File.ReadAllTextAsync(Path.Combine(files, "raftkv.runtimeconfig.json"), Token));
        Assert.Contains("  raftkv [command] [options]", await DotNet.RunAsync(root, ["exec", Path.Combine(files, "raftkv.dll"), "--help"],
            Token));
    }

    private static string ProjectOf(string package) => Path.Combine(DotNet.RepositoryRoot, "src", package, package + ".csproj");

    /// <summary>Packs what was built for this test run, in its configuration.</summary>
    private Task PackAsync(string package)
        => DotNet.RunAsync(
            DotNet.RepositoryRoot,
            ["pack", ProjectOf(package), "--no-build", "--configuration", Configuration(), "--output", Packages, $"-p:Version={version}"],
            Token);

    /// <summary>Tests run in bin/CONFIGURATION/FRAMEWORK.</summary>
    private static string Configuration() => Directory.GetParent(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))!.Name;

    private void AssertComplete(string package)
    {
        using var main = ZipFile.OpenRead(Path.Combine(Packages, $"{package}.{version}.nupkg"));
        var names = main.Entries.Select(e => e.FullName).ToArray();
        Assert.Contains("README.md", names);
        Assert.Contains($"lib/net10.0/{package}.dll", names);
        Assert.Contains($"lib/net10.0/{package}.xml", names);
        using var specification = new StreamReader(main.GetEntry(package + ".nuspec")!.Open());
        var text = specification.ReadToEnd();
        Assert.Contains("<license type=\"expression\">MIT</license>", text);
        Assert.Contains("<readme>README.md</readme>", text);
        Assert.True(main.GetEntry("README.md")!.Length > 0, "The README of the package is empty.");

        using var symbols = ZipFile.OpenRead(Path.Combine(Packages, $"{package}.{version}.snupkg"));
        Assert.Contains($"lib/net10.0/{package}.pdb", symbols.Entries.Select(e => e.FullName));
    }

    /// <summary>
    /// Writes an app as a reader of the README would. Its package sources are those of the machine, and the folder with the packed
    /// packages.
    /// </summary>
    private async Task WriteConsumerAsync()
    {
        var consumer = Directory.CreateDirectory(Path.Combine(root, "consumer")).FullName;
        await File.WriteAllTextAsync(Path.Combine(consumer, "nuget.config"), $"""
            <?xml version="1.0" encoding="utf-8"?>
            <configuration>
              <config>
                <add key="globalPackagesFolder" value="{Path.Combine(root, "cache")}" />
              </config>
              <packageSources>
                <add key="packed" value="{Packages}" />
              </packageSources>
              <fallbackPackageFolders>
                <add key="machine" value="{MachineCache()}" />
              </fallbackPackageFolders>
            </configuration>
            """, Token);
        await File.WriteAllTextAsync(Path.Combine(consumer, "consumer.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Microsoft.Extensions.Hosting" Version="{HostingVersion()}" />
                <PackageReference Include="RaftKv.Embedded" Version="{version}" />
              </ItemGroup>
            </Project>
            """, Token);
        await File.WriteAllTextAsync(Path.Combine(consumer, "Program.cs"), """
            using System.Text;
            using Microsoft.Extensions.DependencyInjection;
            using Microsoft.Extensions.Hosting;
            using RaftKv.Embedded;

            var builder = Host.CreateApplicationBuilder(args);
            builder.Services.AddRaftKv(options => options.DataDirectory = "data");
            using var host = builder.Build();
            await host.StartAsync();

            var kv = host.Services.GetRequiredService<IDistributedKv>();
            await kv.SetAsync("key", Encoding.UTF8.GetBytes("value"));
            var read = await kv.GetAsync("key");

            // LINQ over a scan must mean the framework's, whatever the library's own dependencies bring along.
            var keys = await kv.ScanAsync(KvKeyRange.All).ToListAsync();
            await host.StopAsync();
            Console.WriteLine($"stored and read: {Encoding.UTF8.GetString(read.Value.Span)} of {keys.Count} key");
            """, Token);
    }

    private static string HostingVersion()
        => XDocument.Load(Path.Combine(DotNet.RepositoryRoot, "Directory.Packages.props")).Descendants("PackageVersion")
            .Single(p => (string?)p.Attribute("Include") == "Microsoft.Extensions.Hosting").Attribute("Version")!.Value;

    /// <summary>The packages this machine has already, so that the consumer need not fetch them again.</summary>
    private static string MachineCache()
        => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
}

using System.Text.Json;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// Checks the current state of a page with axe-core. <c>npm install --no-save axe-core</c> in the root of the repository installs it;
/// <c>.ci/run</c> does that.
/// </summary>
internal static class Accessibility
{
    private static string Script => Path.Combine(Repository.Root, "node_modules", "axe-core", "axe.min.js");

    public static bool CanJudge => File.Exists(Script);

    /// <returns>Each serious or critical violation, with the elements that have it.</returns>
    public static async Task<string[]> JudgeAsync(Chromium page)
    {
        // Evaluated by the debugger, because the content security policy of the page permits no other script, and must not be relaxed for a
        // test.
        await page.EvaluateAsync(await File.ReadAllTextAsync(Script) + "\n;0");
        var violations = await page.EvaluateAsync(
            "axe.run().then(r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => `${v.id}: ${v.help}: ${v.nodes.map(n => n.html).join(' ')}`))");
        return violations.Deserialize<string[]>()!;
    }
}

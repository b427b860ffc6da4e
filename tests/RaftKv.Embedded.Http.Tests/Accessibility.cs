using System.Text.Json;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>axe-core's judgement of a page as it stands. <c>npm install --no-save axe-core</c> in the repository's folder brings it; <c>.ci/run</c> does that.</summary>
internal static class Accessibility
{
    private static string Script => Path.Combine(Repository.Root, "node_modules", "axe-core", "axe.min.js");

    public static bool CanJudge => File.Exists(Script);

    /// <returns>Each serious or critical violation with where it is.</returns>
    public static async Task<string[]> JudgeAsync(Chromium page)
    {
        // Evaluated by the debugger: the page's own policy lets no other script run, and must not be bent for this.
        await page.EvaluateAsync(await File.ReadAllTextAsync(Script) + "\n;0");
        var violations = await page.EvaluateAsync(
            "axe.run().then(r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => `${v.id}: ${v.help}: ${v.nodes.map(n => n.html).join(' ')}`))");
        return violations.Deserialize<string[]>()!;
    }
}

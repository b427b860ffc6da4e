using Xunit;

namespace RaftKv.Embedded.Tests.Documentation;

/// <summary>The page about testing shows code that the tests of the testing package run.</summary>
public sealed class TestingPageTests
{
    [Theory]
    [InlineData("Code that retries")]
    [InlineData("A lock that is lost")]
    [InlineData("Time")]
    [InlineData("In place of the replica")]
    [InlineData("A cluster in the test's process")]
    [InlineData("A web app on three nodes")]
    [InlineData("With a substitute")]
    [InlineData("With Moq")]
    [InlineData("An implementation of your own")]
    public void The_page_shows_the_code_of_the_tests_of_the_package(string section) =>
        DocumentedCode.IsThatOf(["tests", "RaftKv.Embedded.Testing.Tests", "Documentation", "TestingPageTests.cs"], section);
}

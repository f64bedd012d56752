using Microsoft.Extensions.Options;

namespace Meeda.Hosting.Settings;

/// <summary>Checks the values of an options class, each against its limits and against the others.</summary>
/// <typeparam name="TOptions">The options class.</typeparam>
internal abstract class SettingsValidator<TOptions> : IValidateOptions<TOptions>
    where TOptions : class
{
    /// <summary>
    /// Returns the faults, one line each. A line names the setting and its limit and holds no secret.
    /// </summary>
    public abstract IEnumerable<string> Failures(TOptions options);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, TOptions options) =>
        Failures(options).ToList() is { Count: > 0 } failures
            ? ValidateOptionsResult.Fail(failures)
            : ValidateOptionsResult.Success;
}

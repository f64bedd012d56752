using Microsoft.Extensions.Options;

namespace Meeda.Hosting.Settings;

/// <summary>Options classes as services, read by <see cref="SettingsReader"/> and validated at start.</summary>
internal static class SettingsServices
{
    /// <summary>
    /// Adds an options class. Its validation covers the form of what was given, unknown names included, and the values
    /// as read.
    /// </summary>
    /// <param name="services">Where it is added.</param>
    /// <param name="settings">All settings there are.</param>
    /// <param name="validator">The validator of the values; null if they need none.</param>
    public static IServiceCollection AddSettings<TOptions>(
        this IServiceCollection services,
        SettingsReader settings,
        SettingsValidator<TOptions>? validator = null
    )
        where TOptions : class
    {
        services.AddOptions<TOptions>().Configure(settings.Bind).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TOptions>>(new FormValidator<TOptions>(settings));
        return validator is null ? services : services.AddSingleton<IValidateOptions<TOptions>>(validator);
    }

    /// <summary>
    /// Runs every validator, for what needs options before there is a host, or without one. A host that starts runs
    /// them once more.
    /// </summary>
    /// <param name="services">The options classes, and nothing else.</param>
    /// <returns>The provider that resolves the options classes.</returns>
    /// <exception cref="SetupException">Settings are wrong: all of them are named, one line each.</exception>
    public static ServiceProvider Validate(this IServiceCollection services)
    {
        ServiceProvider provider = services.BuildServiceProvider();
        try
        {
            provider.GetRequiredService<IStartupValidator>().Validate();
            return provider;
        }
        catch (Exception wrong) when (FailuresOf(wrong) is { Count: > 0 } failures)
        {
            provider.Dispose();
            throw new SetupException(string.Join(Environment.NewLine, failures));
        }
    }

    /// <summary>The value of an options class.</summary>
    /// <exception cref="OptionsValidationException">It is wrong.</exception>
    public static TOptions Options<TOptions>(this IServiceProvider provider)
        where TOptions : class => provider.GetRequiredService<IOptions<TOptions>>().Value;

    /// <summary>The validators' faults, one line each; empty if the exception comes from elsewhere.</summary>
    public static IReadOnlyList<string> FailuresOf(Exception exception) =>
        exception switch
        {
            OptionsValidationException one => [.. one.Failures.Distinct()],
            AggregateException several when several.InnerExceptions.All(each => each is OptionsValidationException) =>
            [
                .. several.InnerExceptions.SelectMany(FailuresOf).Distinct(),
            ],
            _ => [],
        };

    /// <summary>
    /// Reports what the reader could not read. Each class reports all of it so far; the report has each line once.
    /// </summary>
    private sealed class FormValidator<TOptions>(SettingsReader settings) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options) =>
            settings.Problems.Count > 0 ? ValidateOptionsResult.Fail(settings.Problems) : ValidateOptionsResult.Success;
    }
}

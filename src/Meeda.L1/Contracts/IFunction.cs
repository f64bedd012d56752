namespace Meeda.L1.Contracts;

/// <summary>A function message whose answer is of a known type, so that a call needs to name only the
/// message.</summary>
/// <typeparam name="TSelf">The message.</typeparam>
/// <typeparam name="TOutput">The answer.</typeparam>
public interface IFunction<TSelf, TOutput>;

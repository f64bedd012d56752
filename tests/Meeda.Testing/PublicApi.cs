using System.Reflection;
using Xunit;

namespace Meeda.Testing;

/// <summary>
/// The public API of an assembly as a text that is read in review: a change of it changes the text in the same
/// commit. To accept what the test found, run it with
/// MEEDA_APPROVE_API=1.
/// </summary>
public static class PublicApi
{
    /// <summary>Compares an assembly's API with the approved text, or writes it.</summary>
    public static void IsApproved(Assembly assembly, string approved)
    {
        string actual = string.Join('\n', Describe(assembly)) + "\n";
        if (Environment.GetEnvironmentVariable("MEEDA_APPROVE_API") == "1")
        {
            File.WriteAllText(approved, actual);
        }

        Assert.Equal(File.ReadAllText(approved), actual);
    }

    private static IEnumerable<string> Describe(Assembly assembly)
    {
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            yield return $"{Kind(type)} {type.FullName}";
            const BindingFlags Declared =
                BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            IEnumerable<string> members = type.GetMembers(Declared)
                .Where(member =>
                    member is not MethodInfo { IsSpecialName: true }
                    || member.Name.StartsWith("op_", StringComparison.Ordinal)
                )
                .Select(Signature)
                .Order(StringComparer.Ordinal);
            foreach (string member in members)
            {
                yield return "    " + member;
            }
        }
    }

    private static string Kind(Type type) =>
        type switch
        {
            { IsValueType: true } => "struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };

    private static string Signature(MemberInfo member) =>
        member switch
        {
            FieldInfo { IsLiteral: true } field =>
                $"const {Name(field.FieldType)} {field.Name} = {field.GetRawConstantValue()}",
            FieldInfo field => $"{Static(field.IsStatic)}{Name(field.FieldType)} {field.Name}",
            PropertyInfo property =>
                $"{Static(property.GetMethod!.IsStatic)}{Name(property.PropertyType)} {property.Name} {{ "
                    + $"get;{(property.CanWrite ? " set;" : "")} }}",
            ConstructorInfo constructor => $"new({Parameters(constructor)})",
            MethodInfo method =>
                $"{Static(method.IsStatic)}{Name(method.ReturnType)} {method.Name}({Parameters(method)})",
            _ => member.ToString()!,
        };

    private static string Parameters(MethodBase method) =>
        string.Join(
            ", ",
            method
                .GetParameters()
                .Select(parameter =>
                    (
                        parameter.IsOut ? "out "
                        : parameter.ParameterType.IsByRef ? "in "
                        : ""
                    )
                    + Name(parameter.ParameterType)
                    + " "
                    + parameter.Name
                )
        );

    private static string Static(bool isStatic) => isStatic ? "static " : "";

    private static string Name(Type type)
    {
        if (type.IsByRef || type.IsArray)
        {
            return Name(type.GetElementType()!) + (type.IsArray ? "[]" : "");
        }

        return type.IsGenericType
            ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : type.Name;
    }
}

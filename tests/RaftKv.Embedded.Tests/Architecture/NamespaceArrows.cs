using Mono.Cecil;
using Mono.Cecil.Cil;

namespace RaftKv.Embedded.Tests.Architecture;

/// <summary>
/// Which namespaces of a compiled assembly use which: base types, interfaces, fields, constraints, signatures and method bodies.
/// </summary>
internal sealed class NamespaceArrows
{
    private readonly ModuleDefinition _module;
    private readonly Func<string, string> _layerOf;
    private readonly SortedDictionary<(string From, string To), SortedSet<string>> _uses = [];

    private NamespaceArrows(ModuleDefinition module, Func<string, string> layerOf) => (_module, _layerOf) = (module, layerOf);

    /// <summary>The arrows between layers, each with the pairs of types that make it.</summary>
    /// <param name="assembly">The path of the assembly.</param>
    /// <param name="layerOf">Gives the layer of a namespace; empty for a namespace that is ignored.</param>
    public static IReadOnlyDictionary<(string From, string To), SortedSet<string>> Of(string assembly, Func<string, string> layerOf)
    {
        using var module = ModuleDefinition.ReadModule(assembly);
        var arrows = new NamespaceArrows(module, layerOf);
        foreach (var type in module.GetTypes())
            arrows.AddUsesOf(type);
        return arrows._uses;
    }

    private void AddUsesOf(TypeDefinition type)
    {
        Add(type, type.BaseType);
        foreach (var implemented in type.Interfaces)
            Add(type, implemented.InterfaceType);
        foreach (var field in type.Fields)
            Add(type, field.FieldType);
        foreach (var constraint in type.GenericParameters.SelectMany(p => p.Constraints))
            Add(type, constraint.ConstraintType);
        foreach (var method in type.Methods)
        {
            AddSignature(type, method);
            if (method.HasBody)
                AddBody(type, method.Body);
        }
    }

    private void AddBody(TypeDefinition type, MethodBody body)
    {
        foreach (var variable in body.Variables)
            Add(type, variable.VariableType);
        foreach (var handler in body.ExceptionHandlers)
            Add(type, handler.CatchType);
        foreach (var instruction in body.Instructions)
        {
            switch (instruction.Operand)
            {
                case TypeReference used:
                    Add(type, used);
                    break;
                case FieldReference field:
                    Add(type, field.DeclaringType);
                    Add(type, field.FieldType);
                    break;
                case MethodReference method:
                    Add(type, method.DeclaringType);
                    AddSignature(type, method);
                    break;
            }
        }
    }

    private void AddSignature(TypeDefinition type, MethodReference method)
    {
        Add(type, method.ReturnType);
        foreach (var parameter in method.Parameters)
            Add(type, parameter.ParameterType);
        if (method is not GenericInstanceMethod generic)
            return;
        foreach (var argument in generic.GenericArguments)
            Add(type, argument);
    }

    private void Add(TypeDefinition from, TypeReference? to)
    {
        switch (to)
        {
            case null or GenericParameter:
                return;
            case GenericInstanceType generic:
                Add(from, generic.ElementType);
                foreach (var argument in generic.GenericArguments)
                    Add(from, argument);
                return;
            case TypeSpecification specification:
                Add(from, specification.ElementType);
                return;
        }
        var (user, used) = (Outermost(from), Outermost(to));
        if (used.Scope != _module)
            return;
        var (fromLayer, toLayer) = (_layerOf(user.Namespace), _layerOf(used.Namespace));
        if (fromLayer.Length == 0 || toLayer.Length == 0 || fromLayer == toLayer)
            return;
        if (!_uses.TryGetValue((fromLayer, toLayer), out var pairs))
            _uses[(fromLayer, toLayer)] = pairs = new(StringComparer.Ordinal);
        pairs.Add($"{user.Name} uses {used.Name}");
    }

    private static TypeReference Outermost(TypeReference type)
    {
        while (type.DeclaringType is { } outer)
            type = outer;
        return type;
    }
}

import {
  BREAK,
  type DocumentNode,
  type FieldNode,
  type FragmentSpreadNode,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  type InlineFragmentNode,
  Kind,
  getDirectiveValues,
  visit,
} from 'graphql';

/**
 * Whether graphql-jit may compile a document. It writes the values of arguments into the program that it makes: a text of a certain form
 * becomes code there, a variable within an object loses the difference between null and not given, `__proto__` becomes a prototype. So only
 * documents whose arguments are variables, numbers, booleans, enum values and lists of those are compiled; the others are interpreted.
 * Introspection is interpreted too: it is large, and rare.
 */
export function isCompilable(document: DocumentNode): boolean {
  let compilable = true;
  const refuse = (): typeof BREAK => {
    compilable = false;
    return BREAK;
  };
  visit(document, {
    StringValue: refuse,
    ObjectValue: refuse,
    ListValue: ({ values }) => (values.some(({ kind }) => kind === Kind.VARIABLE) ? refuse() : undefined),
    Name: ({ value }) => (value === '__proto__' || value === '__schema' || value === '__type' ? refuse() : undefined),
  });
  return compilable;
}

/** The variables that `@skip` and `@include` ask, or null where neither is in the document. */
export function conditionsOf(document: DocumentNode): readonly string[] | null {
  const names = new Set<string>();
  let found = false;
  visit(document, {
    Directive: ({ name, arguments: args }) => {
      if (name.value !== GraphQLSkipDirective.name && name.value !== GraphQLIncludeDirective.name) return;
      found = true;
      for (const { value } of args ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return found ? [...names].toSorted() : null;
}

/**
 * The document as it is for these values of its conditions: what is skipped is gone, and so are the directives. graphql-jit joins the
 * conditions of a fragment that is spread in several places, so that it leaves out what one of them includes.
 */
export function specialize(document: DocumentNode, variables: Readonly<Record<string, unknown>>): DocumentNode {
  const decide = <T extends FieldNode | InlineFragmentNode | FragmentSpreadNode>(node: T): T | null | undefined => {
    if (node.directives === undefined || node.directives.length === 0) return undefined;
    if (getDirectiveValues(GraphQLSkipDirective, node, variables)?.['if'] === true) return null;
    if (getDirectiveValues(GraphQLIncludeDirective, node, variables)?.['if'] === false) return null;
    return { ...node, directives: [] };
  };
  return visit(document, { Field: decide, InlineFragment: decide, FragmentSpread: decide });
}

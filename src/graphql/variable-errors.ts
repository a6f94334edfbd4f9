import { type GraphQLError, type GraphQLSchema, type VariableDefinitionNode, getVariableValues } from 'graphql';
import { codedError } from './errors.ts';
import type { Variables } from './executor.ts';

// Fields of the API whose values nobody is to read in a message, which end in logs and error trackers.
const secret = /password|signature|secret|token/i;

// Of the library's message, what is in front of the reason: the variable, the value, and where in the variable that was.
const front = /^Variable "\$(\w+)" got invalid value ([\s\S]*?)(?: at "([^"]*)")?$/;

/** The library's message without what it quotes of secrets: whole inputs, which have them somewhere, and values of fields that are one. */
function withoutSecrets({ message, originalError }: GraphQLError): string {
  const reason = originalError?.message;
  if (reason === undefined || !message.endsWith(`; ${reason}`)) return message;
  const [, name = '', value = '', at] = front.exec(message.slice(0, -reason.length - 2)) ?? [];
  if (name === '') return message;
  const place = at ?? name;
  const isSecret = secret.test(place);
  const shown = isSecret || /^[[{]./s.test(value.slice(0, -1)) ? '' : ` ${value}`;
  // A reason of a value ends with it: `String cannot represent a non string value: 5`.
  const told = isSecret ? (reason.split(': ', 1)[0] ?? reason) : reason;
  return `Variable "$${name}" got invalid value${shown}${at === undefined ? '' : ` at "${at}"`}; ${told}`;
}

/** The variables' values, or why they are none. */
export function coerceVariables(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
  variables: Readonly<Record<string, unknown>>,
  options: { readonly hideSuggestions: boolean },
): Variables | readonly GraphQLError[] {
  const { errors, coerced } = getVariableValues(schema, definitions, variables, { maxErrors: 10, ...options });
  // The nodes stay with the error: HTTP servers tell by them that the client is at fault.
  return errors === undefined
    ? coerced
    : errors.map((error) => codedError('BAD_USER_INPUT', withoutSecrets(error), { nodes: error.nodes ?? null }));
}

import { backendNameShape } from './backends-schema.ts';
import { hidden, type ConfigIssue } from './config-error.ts';
import { kindAt, settingAt } from './known-settings.ts';
import { nearest } from './nearest.ts';
import type { Override } from './overrides.ts';
import { isTree, valueAt, type Tree } from './paths.ts';

/** Variables of this beginning are for the backends that the configuration file names. */
export const backendPrefix = 'PARLEY_BACKEND_';

const suffixes: ReadonlyMap<string, string> = new Map([
  ['apiKey', 'API_KEY'],
  ['socketApiKey', 'SOCKET_API_KEY'],
  ['authorization', 'AUTHORIZATION'],
]);

/** The secrets of backends that variables give, and how those are called. `<NAME>`: the backend's, in capitals, underscores for dashes. */
export const backendVariables: readonly { readonly path: string; readonly variable: string }[] = [...suffixes].map(([setting, suffix]) => ({
  path: `backends.<name>.${setting}`,
  variable: `${backendPrefix}<NAME>_${suffix}`,
}));

/** The variable that gives a setting of a backend: `PARLEY_BACKEND_CHAT_API_KEY` for `backends.chat.apiKey`. Null = there is none. */
export function backendVariable(path: string): string | null {
  const [group, name = '', setting = '', ...rest] = path.split('.');
  const suffix = suffixes.get(setting);
  if (group !== 'backends' || suffix === undefined || rest.length > 0 || !backendNameShape.test(name)) return null;
  return `${backendPrefix}${name.toUpperCase().replaceAll('-', '_')}_${suffix}`;
}

interface Candidate {
  readonly variable: string;
  readonly path: string;
  /** False where backends of that kind have no such setting. */
  readonly fits: boolean;
}

function candidatesIn(file: Tree): readonly Candidate[] {
  const backends = valueAt(file, ['backends']);
  const names = isTree(backends) ? Object.keys(backends).filter((name) => isTree(backends[name])) : [];
  return names.flatMap((name) =>
    [...suffixes.keys()].flatMap((setting): readonly Candidate[] => {
      const path = `backends.${name}.${setting}`;
      const variable = backendVariable(path);
      return variable === null ? [] : [{ variable, path, fits: settingAt(path.split('.'), file) !== undefined }];
    }),
  );
}

const rule = 'a variable for a secret of one backend that the configuration file names';
const mistake = (name: string, message: string): ConfigIssue => ({ path: name, source: 'env', rule, value: hidden, message });

function unknownVariable(name: string, candidates: readonly Candidate[], file: Tree): ConfigIssue {
  const misplaced = candidates.find(({ variable }) => variable === name);
  const bare = nearest(
    name.slice(backendPrefix.length),
    candidates.filter(({ fits }) => fits).map(({ variable }) => variable.slice(backendPrefix.length)),
  );
  const next =
    misplaced !== undefined
      ? `there is no \`${misplaced.path}\`, for its kind is \`${kindAt(misplaced.path.split('.'), file)}\``
      : bare !== null
        ? `did you mean \`${backendPrefix}${bare}\`?`
        : 'it is for no secret of a backend that the configuration file names';
  return mistake(name, `Unknown environment variable \`${name}\`: ${next}`);
}

/** What variables say of the backends that a configuration file names. An empty one counts as not set. */
export function readBackendVariables(
  variables: readonly (readonly [name: string, text: string])[],
  file: Tree,
): { readonly overrides: readonly Override[]; readonly issues: readonly ConfigIssue[] } {
  const overrides: Override[] = [];
  const issues: ConfigIssue[] = [];
  const candidates = candidatesIn(file);
  for (const [name, text] of variables) {
    const [meant, another] = candidates.filter(({ variable, fits }) => variable === name && fits);
    if (meant === undefined) issues.push(unknownVariable(name, candidates, file));
    else if (another !== undefined) {
      // `chat` has a socket's key and `chat-socket` a key.
      const places = `\`${meant.path}\` and \`${another.path}\``;
      issues.push(mistake(name, `The environment variable \`${name}\` could give ${places}: rename one of the two backends`));
    } else if (text !== '') overrides.push({ path: meant.path, source: 'env', name, text, value: text });
  }
  return { overrides, issues };
}

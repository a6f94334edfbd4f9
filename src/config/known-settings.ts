import type { BackendKind } from '../core/backend.ts';
import { backendKinds } from './backends-schema.ts';
import { valueAt, type Tree } from './paths.ts';
import { listSettings, type Setting } from './settings.ts';

/** All settings, those of one name together. */
export const knownSettings: ReadonlyMap<string, readonly Setting[]> = Map.groupBy(listSettings('development'), ({ path }) => path);

/** How the list of settings calls a place of a configuration: `backends.<name>.kind` for `backends.chat.kind`. */
export const patternOf = (path: readonly string[]): string =>
  path.map((key, index) => (index === 1 && path[0] === 'backends' ? '<name>' : key)).join('.');

/** Of the backend that a place belongs to. Null = it belongs to none, or to one of no known kind. */
export function kindAt([group, name = '']: readonly string[], file: Tree): BackendKind | null {
  const given = group === 'backends' ? valueAt(file, [group, name, 'kind']) : null;
  return backendKinds.find((kind) => kind === given) ?? null;
}

/** What stands at a place. Undefined = nothing may; where a backend has no known kind, whatever one of some kind may have there. */
export function settingAt(path: readonly string[], file: Tree): Setting | undefined {
  const kind = kindAt(path, file);
  return knownSettings.get(patternOf(path))?.find(({ kinds }) => kind === null || kinds === null || kinds.includes(kind));
}

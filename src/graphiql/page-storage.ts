import { textAt, valueAt } from './json.ts';

/** The part of the Web Storage API that GraphiQL uses. */
export interface PageStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  clear(): void;
  readonly length: number;
}

/** Another GraphiQL on the same host and port at another time would otherwise show its tabs in place of the starting tabs. */
const prefix = 'parley:';

/** What a window works on. Headers are among it: they may carry credentials, which are not to outlive the window. */
const ofTheWindow = new Set(['tabState', 'query', 'variables', 'headers', 'operationName'].map((name) => `graphiql:${name}`));

/** The editors' contents, which GraphiQL keeps a second time beside the tabs. */
const editors: ReadonlyMap<string, string> = new Map(['query', 'variables', 'headers'].map((name) => [`graphiql:${name}`, name]));

/** The tab that was open last; undefined where there is none. */
function activeTab(tabState: string): unknown {
  try {
    const state: unknown = JSON.parse(tabState);
    return valueAt(state, 'tabs', String(valueAt(state, 'activeTabIndex')));
  } catch {
    return undefined;
  }
}

/**
 * Where GraphiQL keeps its state: what a window works on stays with the window, as the token does, so that two windows can be two people;
 * theme, sizes and history are the person's.
 */
export function createPageStorage(window: Storage, person: Storage): PageStorage {
  const placeOf = (key: string): Storage => (ofTheWindow.has(key) ? window : person);
  const ours = (storage: Storage): string[] => Object.keys(storage).filter((key) => key.startsWith(`${prefix}graphiql:`));
  return {
    getItem(key) {
      const editor = editors.get(key);
      const tabState = window.getItem(`${prefix}graphiql:tabState`);
      // GraphiQL writes tabs and editors at different instants. Where a reload falls in between, it takes the editors' contents for those of a
      // further tab; read from the tabs themselves they always fit.
      if (editor !== undefined && tabState !== null) return textAt(activeTab(tabState), editor);
      return placeOf(key).getItem(prefix + key);
    },
    setItem: (key, value) => placeOf(key).setItem(prefix + key, value),
    removeItem: (key) => placeOf(key).removeItem(prefix + key),
    clear() {
      for (const storage of [window, person]) for (const key of ours(storage)) storage.removeItem(key);
    },
    get length() {
      return ours(window).length + ours(person).length;
    },
  };
}
